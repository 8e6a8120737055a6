import { CarillonError } from "../../core/errors.ts";
import type { ScheduleDefinition } from "../../core/schedule/definition.ts";
import type { VersionedCalendar } from "../../core/schedule/schedule.ts";
import type { Core } from "../../core/services/core.ts";

/**
 * The newest editions of the calendars that a schedule names; none of them for a schedule without a namespace.
 *
 * @throws {CarillonError} `unknown-reference` at `/schedule/calendars/<index>`
 */
export async function newestCalendars(
  core: Core,
  namespace: string | undefined,
  schedule: ScheduleDefinition | undefined,
): Promise<ReadonlyMap<string, VersionedCalendar>> {
  const calendars = new Map<string, VersionedCalendar>();
  if (namespace === undefined) return calendars;
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
