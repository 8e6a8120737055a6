import type { JobDefinition } from "../../api/contract/job-definition.ts";
import type { ImportNotes } from "./import-result.ts";

/** An entry of a crontab, as far as it may act differently here. */
export interface ImportedEntry {
  readonly schedule: string;
  readonly user?: string;
  /** The command before its first unescaped `%`. */
  readonly command: string;
  readonly stdin?: string;
}

/** Notes what one entry does differently from cron, or may surprise its author. */
export function noteEntryDifferences(entry: ImportedEntry, line: number, notes: ImportNotes): void {
  const { command } = entry;
  if (entry.stdin !== undefined) {
    // `date +%F` without the backslash: the classic slip, which breaks the command in cron too.
    const level = command.endsWith("+") ? "warning" : "info";
    notes.add(line, level, 'An unescaped "%" ends the command, as in cron: what follows it goes to standard input');
  }
  if (wantsBothDays(entry.schedule)) {
    const text =
      "One day field begins with '*': cron wants both day fields to match, Carillon either; check the next slots";
    notes.add(line, "warning", text);
  }
  if (entry.user === undefined && /^(root|www-data|nobody)\s/.test(command)) {
    notes.add(
      line,
      "warning",
      "The command begins with the name of a user: a system crontab is read with format system",
    );
  }
}

/** Notes what holds for all jobs of a crontab. */
export function noteGeneralDifferences(
  jobs: readonly JobDefinition[],
  machineTimezone: string | undefined,
  notes: ImportNotes,
): void {
  const add = (level: "info" | "warning", text: string): void => notes.add(0, level, text);
  if (machineTimezone === undefined && jobs.some((job) => job.schedule?.timezone === undefined)) {
    add("warning", "cron reads times in the machine's zone, and none was given: they are read as UTC");
  }
  if (jobs.some(({ executor }) => executor.type === "command" && executor.workingFolder === undefined)) {
    add(
      "warning",
      "cron starts commands in the user's home folder, Carillon in an empty one: relative paths need workingFolder",
    );
  }
  add(
    "info",
    "As in cron, runs may overlap, may last long (timeouts.run 30d) and are not made up for when missed; tighten this where you can",
  );
  add(
    "info",
    "Daylight saving: a fixed time that does not exist fires when the gap ends, one that occurs twice fires the first time; crons differ",
  );
}

/** cron takes a stepped `*` in a day field for one that does not restrict the day, and then wants both to match. */
function wantsBothDays(schedule: string): boolean {
  const [, , dayOfMonth = "", , dayOfWeek = ""] = schedule.split(" ");
  return (isSteppedStar(dayOfMonth) && dayOfWeek !== "*") || (isSteppedStar(dayOfWeek) && dayOfMonth !== "*");
}

function isSteppedStar(field: string): boolean {
  return field.startsWith("*") && field !== "*";
}
