import { CarillonError } from "../errors.ts";
import type { ScheduleDefinition } from "../schedule/definition.ts";
import type { VersionedCalendar } from "../schedule/schedule.ts";
import type { Core } from "./core.ts";

/**
 * The newest editions of the calendars that a schedule names.
 *
 * @throws {CarillonError} `unknown-reference` at `/schedule/calendars/<index>`
 */
export async function newestCalendars(
  core: Core,
  namespace: string,
  schedule: ScheduleDefinition | undefined,
): Promise<ReadonlyMap<string, VersionedCalendar>> {
  const calendars = new Map<string, VersionedCalendar>();
  for (const [index, name] of (schedule?.calendars ?? []).entries()) {
    const found = await core.jobs.findCalendar(namespace, name);
    if (found === undefined) {
      const message = `Cannot use calendar "${name}": namespace "${namespace}" has none of this name`;
      throw new CarillonError("unknown-reference", message, { pointer: `/schedule/calendars/${index}` });
    }
    calendars.set(name, { version: found.edition.edition, definition: found.edition.definition });
  }
  return calendars;
}

/** As `newestCalendars`, the numbers alone: what a version of a job keeps. */
export async function newestEditions(
  core: Core,
  namespace: string,
  schedule: ScheduleDefinition | undefined,
): Promise<Readonly<Record<string, number>>> {
  const calendars = await newestCalendars(core, namespace, schedule);
  return Object.fromEntries([...calendars].map(([name, { version }]) => [name, version]));
}
