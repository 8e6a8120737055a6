/** What can be wrong with a schedule or a calendar. Each code is the slug of a documented problem type. */
export type ScheduleErrorCode =
  | "cron-empty"
  | "cron-too-long"
  | "cron-bad-character"
  | "cron-field-count"
  | "cron-bad-value"
  | "cron-out-of-range"
  | "cron-bad-step"
  | "cron-bad-range"
  | "cron-unsupported"
  | "cron-never-fires"
  | "interval-invalid"
  | "timezone-unknown"
  | "datetime-invalid"
  | "datetime-needs-offset"
  | "datetime-out-of-range"
  | "at-in-past"
  | "dates-duplicate"
  | "window-empty"
  | "schedule-ambiguous"
  | "schedule-field-unused"
  | "unknown-reference"
  | "date-invalid"
  | "calendar-range-reversed"
  | "limit-too-large";

/** A schedule or calendar that cannot be used. The message states action, rule and value, for the author to read. */
export class ScheduleError extends Error {
  readonly code: ScheduleErrorCode;
  /** JSON pointer inside the schedule (or calendar), such as `/cron` or `/dates/3`. */
  readonly pointer: string;
  /** For cron: index of the offending token, in UTF-16 units from 0. */
  readonly position?: number;

  constructor(code: ScheduleErrorCode, at: { pointer: string; position?: number | undefined; message: string }) {
    super(at.message);
    this.name = "ScheduleError";
    this.code = code;
    this.pointer = at.pointer;
    if (at.position !== undefined) this.position = at.position;
  }
}

const MAX_QUOTED_LENGTH = 64;

/** A value for an error message: quoted, cut to 64 characters, and with everything but printable ASCII escaped. */
export function quote(value: string): string {
  const cut = value.length > MAX_QUOTED_LENGTH ? `${value.slice(0, MAX_QUOTED_LENGTH)}…` : value;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e…]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
