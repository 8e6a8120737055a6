import { isSameJson } from "../json.ts";
import { checkDefinition, type DefinitionLimits } from "../job/check-definition.ts";
import { CarillonError } from "../errors.ts";
import type { JobDefinition } from "../job/definition.ts";
import type { StoredJob } from "../store/job-store.ts";
import { orUnknown } from "./after-commit.ts";
import { changeJob } from "./change-job.ts";
import type { Core } from "./core.ts";
import { isEnded } from "../run/run.ts";
import { newestEditions } from "./newest-calendars.ts";
import { expectJob, type StateChange } from "./pause-job.ts";
import { tellMirrorOfDeletion } from "./workflow/tell-mirror.ts";

export interface DefineOptions {
  readonly by?: string;
  readonly note?: string;
  /** `"absent"`: only if there is no such job; a number: only if the job is at this version. */
  readonly expect?: "absent" | number;
  readonly limits: DefinitionLimits;
}

/**
 * Defines a job, or changes its definition; a paused job stays paused. The same definition again changes nothing.
 *
 * @throws {CarillonError | ScheduleError} when the definition breaks a rule that its shape does not tell
 */
export async function defineJob(core: Core, namespace: string, definition: JobDefinition, options: DefineOptions) {
  checkDefinition(definition, namespace, options.limits);
  await checkLineage(core, namespace, definition);
  await listen(core, namespace, definition);
  const defined = await defineOnce(core, namespace, { definition, options });
  // A job that came between our look and our commit did not find that it is listened to.
  if (definition.startAfter !== undefined) await listen(core, namespace, definition);
  if (definition.schedule?.calendars === undefined) return defined;
  // An edition that was published between our look and our commit did not find the job: it is taken up here.
  const calendars = await newestEditions(core, namespace, definition.schedule);
  const { version } = defined.job.version;
  const { job, changed } = await changeJob(core, namespace, definition.name, (current) => {
    const governing = current?.compiled.version;
    if (governing?.version !== version || isSameJson(governing.calendars, calendars)) return undefined;
    return { state: governing.state, definition: governing.definition, calendars };
  });
  return { job, changed: changed || defined.changed };
}

/** Before it is committed that a job starts after others, it is told of their runs. */
async function listen(core: Core, namespace: string, { name, startAfter = [] }: JobDefinition): Promise<void> {
  for (const { job } of startAfter) {
    await core.listeners.put(namespace, job, { kind: "job", job: name });
    await core.jobs.markHeard(namespace, job);
  }
}

const MAX_LINEAGE = 200;

/** A job that starts after itself, directly or through others, would never stop. */
async function checkLineage(core: Core, namespace: string, { name, startAfter = [] }: JobDefinition): Promise<void> {
  const open = startAfter.map(({ job }) => [job]);
  const seen = new Set<string>();
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    const job = path.at(-1) ?? "";
    if (job === name) {
      const message = `Cannot start job "${name}" after itself: ${[name, ...path].join(" after ")}`;
      throw new CarillonError("workflow-cycle", message, { pointer: "/startAfter" });
    }
    if (seen.has(job) || seen.size >= MAX_LINEAGE) continue;
    seen.add(job);
    const version = (await core.jobs.find(namespace, job))?.compiled.version;
    if (version === undefined || version.state === "deleted") continue;
    for (const next of version.definition.startAfter ?? []) open.push([...path, next.job]);
  }
}

function defineOnce(
  core: Core,
  namespace: string,
  { definition, options }: { definition: JobDefinition; options: DefineOptions },
) {
  return changeJob(core, namespace, definition.name, async (current) => {
    checkExpectation(current, definition.name, options.expect);
    const calendars = await newestEditions(core, namespace, definition.schedule);
    const previous = current?.compiled.version;
    const isSame =
      previous !== undefined &&
      previous.state !== "deleted" &&
      isSameJson([previous.definition, previous.calendars], [definition, calendars]);
    if (isSame) return undefined;
    const { by, note } = options;
    return {
      state: previous?.state === "paused" ? "paused" : "active",
      definition,
      calendars,
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

/**
 * Deletes a job: nothing of it fires or starts after this instant; its ledger stays. Idempotent.
 *
 * @throws {CarillonError} `job-has-active-runs` when runs have started and not ended
 */
export async function deleteJob(core: Core, namespace: string, name: string, { by, note, ifVersion }: StateChange) {
  const active = await activeRuns(core, { namespace, name });
  if (active.length > 0) {
    throw new CarillonError(
      "job-has-active-runs",
      `Cannot delete job "${name}": ${active.length} of its runs have not ended; cancel them first`,
    );
  }
  const deleted = await changeJob(core, namespace, name, (current) => {
    if (current?.compiled.version.state === "deleted") return undefined;
    const { version } = expectJob(current?.compiled, name, ifVersion);
    return {
      state: "deleted",
      definition: version.definition,
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
    };
  });
  if (deleted.job.work.kind === "workflow") await orUnknown(() => tellMirrorOfDeletion(core, { namespace, job: name }));
  return deleted;
}

/** How far back a run that has not ended is looked for. */
const ACTIVE_LOOK_BACK_ROWS = 1_000;

/** Runs that have started and not ended, newest first, among the last rows of the ledger. */
export async function activeRuns(core: Core, job: { readonly namespace: string; readonly name: string }) {
  const { rows } = await core.runs.page(job, { limit: ACTIVE_LOOK_BACK_ROWS });
  return rows.flatMap((row) => ("run" in row && !isEnded(row.run) && row.run.attempt > 0 ? [row.run] : []));
}

function checkExpectation(current: StoredJob | undefined, name: string, expect: "absent" | number | undefined): void {
  const version = current?.compiled.version;
  const exists = version !== undefined && version.state !== "deleted";
  if (expect === "absent" && exists)
    throw new CarillonError("name-taken", `Cannot create job "${name}": there is one, at version ${version.version}`);
  if (typeof expect === "number" && version?.version !== expect) {
    const is = version === undefined ? "there is none" : `it is at version ${version.version}`;
    throw new CarillonError("version-conflict", `Cannot change job "${name}" at version ${expect}: ${is}`);
  }
}
