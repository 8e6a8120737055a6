import type { CalendarEdition as StoredEdition } from "../../core/store/job-store.ts";
import type { CalendarEdition } from "../contract/calendar.ts";
import { iso } from "./iso.ts";

export function presentCalendar({ namespace, name, edition, sinceMs, definition }: StoredEdition): CalendarEdition {
  return { namespace, name, edition, since: iso(sinceMs), definition };
}
