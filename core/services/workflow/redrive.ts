import { CarillonError } from "../../errors.ts";
import type { CompiledJob } from "../../job/compile.ts";
import { formatRunId, type RunKey, stampOf, stepOf } from "../../run/run-id.ts";
import { type EndedRun, isEnded, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import { type FormerEnd, keptSteps } from "../../workflow/kept-steps.ts";
import { getStep, type PlanStep, type WorkflowPlan } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import { expectActive, submitRuns } from "../submit-runs.ts";
import { expectWorkflow } from "./expect-workflow.ts";
import { markedStep, type StepMark } from "./mark-step.ts";
import { sideBySide } from "./side-by-side.ts";
import { stepKey } from "./step-run.ts";

export interface RedriveRequest {
  readonly by: string;
  /** Under the version of the former run, or under the job as it is now. */
  readonly definition: "same" | "latest";
  /** Steps to run again although they have succeeded, and with them all that need them. */
  readonly from: readonly string[];
  /** Steps that are taken as succeeded, or left out. */
  readonly marks: Readonly<Record<string, StepMark["as"]>>;
  readonly note?: string;
}

/** Records that are copied at the same time. */
const MAX_COPIED = 100;

/**
 * Continues an ended run of a workflow as a new run of the same slot: what has succeeded, and all that it rests upon, stands;
 * the rest runs. The former run stays as it is.
 *
 * The steps that stand get their records before the run has one: whoever is killed between leaves records that nobody reads.
 *
 * @throws {CarillonError} `run-not-found`, `not-a-workflow`, `run-not-final`, `definition-missing`, `job-not-active`,
 * `unknown-reference`, `nothing-to-redrive`
 */
export async function redriveWorkflow(core: Core, key: RunKey, request: RedriveRequest): Promise<Run> {
  const { stored } = await expectWorkflow(core, key, "redrive");
  const former = stored.run;
  const id = formatRunId(key);
  if (!isEnded(former)) throw new CarillonError("run-not-final", `Cannot redrive run "${id}": it is ${former.status}`);
  const { job, plan } = await chooseVersion(core, former, request.definition);
  checkNames(plan, request);
  const rows = await core.runs.steps(key);
  const from = new Set([...request.from, ...Object.keys(request.marks)]);
  const kept = keptSteps(plan, ({ name }) => formerEnd(rows.get(name)?.run), from);
  if (kept.size === plan.order.main.length && former.status === "succeeded") {
    const message = `Cannot redrive run "${id}": all of its steps have succeeded; name those to run again`;
    throw new CarillonError("nothing-to-redrive", message);
  }
  const suffix = core.ids.short();
  const next = { ...former, stamp: stampOf(former.slotAtMs, suffix), version: job.version.version };
  const seeds = [...kept].flatMap((name) => copy(next, name, rows.get(name)));
  await writeAll(core, [...seeds, ...marksOf(core, next, request)]);
  // Where the list and the parameters of items are certain to be the same, those that have succeeded stand as well. The other
  // phases answer what becomes of this run.
  const halfDone = plan.order.main.filter(
    (name) =>
      next.version === former.version &&
      rows.get(name)?.run.items !== undefined &&
      !kept.has(name) &&
      !from.has(name) &&
      madeOf(getStep(plan, name)).every((step) => kept.has(step)),
  );
  for (const name of halfDone) await keepItems(core, { former, next, name });
  const [run] = await submitRuns(core, job, [
    {
      slotAtMs: former.slotAtMs,
      suffix,
      dueAtMs: Math.max(former.slotAtMs, Math.floor(core.clock.nowMs())),
      cause: "rerun",
      origin: { redriveOf: id, by: request.by },
      priority: former.priority,
      ...(former.parameters === undefined ? {} : { parameters: former.parameters }),
    },
  ]);
  if (run === undefined) throw new Error(`Cannot redrive run "${id}": nothing was submitted`);
  return run;
}

async function chooseVersion(
  core: Core,
  former: Run,
  definition: RedriveRequest["definition"],
): Promise<{ job: CompiledJob; plan: WorkflowPlan }> {
  const current = (await core.jobs.find(former.namespace, former.job))?.compiled;
  const then = await core.jobs.ofRun(former);
  const isGone = current?.version.createdAtMs !== then?.version.createdAtMs || current?.version.state === "deleted";
  const job = definition === "same" ? then : current;
  if (current === undefined || isGone || job?.work.kind !== "workflow") {
    const message = `Cannot redrive run "${formatRunId(former)}": job "${former.job}" is no longer that workflow`;
    throw new CarillonError("definition-missing", message);
  }
  expectActive(current);
  return { job, plan: job.work.plan };
}

function checkNames(plan: WorkflowPlan, { from, marks }: RedriveRequest): void {
  const named = [
    ...from.map((name, index) => [name, `/from/${index}`] as const),
    ...Object.keys(marks).map((name) => [name, `/marks/${name}`] as const),
  ];
  for (const [name, pointer] of named) {
    if (plan.order.main.includes(name)) continue;
    const message = `Cannot redrive step "${name}": the workflow has no such step in its main phase`;
    throw new CarillonError("unknown-reference", message, { pointer });
  }
}

function formerEnd(run: Run | undefined): FormerEnd {
  switch (run?.status) {
    case "succeeded":
      return "succeeded";
    case "failed":
    case "timedOut":
    case "expired":
      return "failed";
    case "skipped":
      return run.reason === "rule" || run.reason === "when" || run.reason === "switch" || run.reason === "marked"
        ? "leftOut"
        : "none";
    default:
      return "none";
  }
}

/** The record of a step that stands, under its new name; it tells where it ran. */
function copy(next: Run, name: string, stored: StoredRun | undefined): readonly EndedRun[] {
  if (stored === undefined || !isEnded(stored.run)) return [];
  return [copied(stored.run, { ...stepKey(next, name), version: next.version })];
}

function copied(run: EndedRun, name: RunKey & { readonly version: number }): EndedRun {
  return { ...run, ...name, origin: { ...run.origin, redriveOf: run.origin?.redriveOf ?? formatRunId(run) } };
}

function marksOf(core: Core, next: Run, { marks, by, note }: RedriveRequest): readonly EndedRun[] {
  const nowMs = core.clock.nowMs();
  return Object.entries(marks).map(([name, as]) =>
    markedStep(next, {
      key: stepKey(next, name),
      mark: { as, by, ...(note === undefined ? {} : { note }) },
      nowMs,
    }),
  );
}

/** What a step is made of: the steps that it needs, and those that its list and the parameters of its items name. */
function madeOf({ needs, action }: PlanStep): readonly string[] {
  if (action.kind !== "executor" && action.kind !== "workflow") return needs;
  return [...needs, ...(action.map?.over.steps ?? []), ...action.parameters.steps];
}

async function keepItems(
  core: Core,
  { former, next, name }: { readonly former: Run; readonly next: Run; readonly name: string },
): Promise<void> {
  await core.runs.putItemList(next, name, await core.runs.itemList(former, name));
  const items: EndedRun[] = [];
  for await (const { run: item } of core.runs.items(former, name)) {
    const index = stepOf(item.stamp)?.item;
    if (item.status !== "succeeded" || index === undefined) continue;
    items.push(copied(item, { ...stepKey(next, name, index), version: next.version }));
  }
  await writeAll(core, items);
}

function writeAll(core: Core, runs: readonly EndedRun[]): Promise<void> {
  return sideBySide(runs, MAX_COPIED, (run) => core.runs.put(run, "absent"));
}
