import { CarillonError } from "../errors.ts";
import { isSameJson } from "../json.ts";
import { compileCalendar } from "../schedule/calendar.ts";
import type { CalendarDefinition } from "../schedule/definition.ts";
import type { JobVersion } from "../job/version.ts";
import type { CalendarEdition } from "../store/job-store.ts";
import { keys } from "../store/keys.ts";
import { listAll } from "../store/pages.ts";
import { orUnknown } from "./after-commit.ts";
import { changeJob } from "./change-job.ts";
import type { Core } from "./core.ts";

/**
 * Publishes a new edition of a calendar and moves every job of the namespace that uses it to a new version, so that each
 * slot stays governed by exactly one edition. Repeating it finishes what was cut short.
 *
 * @returns the edition, and the names of the jobs that were moved
 */
export async function publishCalendar(
  core: Core,
  namespace: string,
  definition: CalendarDefinition,
  { by, expectEdition }: { by?: string; expectEdition?: number | undefined },
): Promise<{ readonly edition: CalendarEdition; readonly movedJobs: readonly string[] }> {
  compileCalendar(definition);
  const edition = await commitEdition(core, namespace, definition, expectEdition);
  return { edition, movedJobs: await orUnknown(() => moveJobs(core, edition, by)) };
}

/** Moves all jobs that use an earlier edition; their names. */
async function moveJobs(core: Core, edition: CalendarEdition, by: string | undefined): Promise<readonly string[]> {
  const { namespace, definition } = edition;
  const movedJobs: string[] = [];
  for await (const stored of listAll(core.table, keys.jobs(namespace))) {
    const { name, calendars } = stored.body as JobVersion;
    if (calendars[definition.name] === undefined) continue;
    const { changed } = await changeJob(core, namespace, name, (current) => {
      const version = current?.compiled.version;
      if (
        version === undefined ||
        version.state === "deleted" ||
        // It names the calendar no more, or a later publisher was here.
        (version.calendars[definition.name] ?? edition.edition) >= edition.edition
      )
        return undefined;
      return {
        state: version.state,
        definition: version.definition,
        calendars: { ...version.calendars, [definition.name]: edition.edition },
        note: `edition ${edition.edition} of calendar "${definition.name}"`,
        ...(by === undefined ? {} : { by }),
      };
    });
    if (changed) movedJobs.push(name);
  }
  return movedJobs;
}

async function commitEdition(
  core: Core,
  namespace: string,
  definition: CalendarDefinition,
  expectEdition: number | undefined,
): Promise<CalendarEdition> {
  const current = await core.jobs.findCalendar(namespace, definition.name);
  // Before the expectation: who repeats a call that was cut short must get through to the jobs that it did not reach.
  if (current !== undefined && isSameJson(current.edition.definition, definition)) return current.edition;
  if (expectEdition !== undefined && (current?.edition.edition ?? 0) !== expectEdition) {
    throw new CarillonError(
      "version-conflict",
      `Cannot change calendar "${definition.name}": it is at edition ${current?.edition.edition ?? 0}, not ${expectEdition}`,
    );
  }
  const edition: CalendarEdition = {
    namespace,
    name: definition.name,
    edition: (current?.edition.edition ?? 0) + 1,
    sinceMs: Math.floor(core.clock.nowMs()),
    definition,
  };
  const committed = await core.jobs.commitCalendar(edition, current?.rev);
  if (committed === undefined) {
    throw new CarillonError(
      "version-conflict",
      `Cannot change calendar "${definition.name}": another change came first`,
    );
  }
  return committed;
}
