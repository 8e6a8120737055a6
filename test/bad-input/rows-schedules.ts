import { definition, fresh, JOB, JOBS, long, NAMESPACE, REPORT, type Row } from "./row.ts";
import type { Id } from "./ids.ts";

/** A cron expression that is refused, with what the message says after "Cannot read cron". */
function cron(id: Id, expression: string, slug: string, says: string): Row {
  const shown = expression.length > 40 ? `${expression.slice(0, 40)}…` : expression;
  return [id, `cron ${JSON.stringify(shown)}`, `POST ${JOBS}`, fresh({ schedule: { cron: expression } }), `422 ${slug}`, says, [`/schedule/cron ${slug}`]];
} // prettier-ignore

/** A schedule with one field that is refused. */
function schedule(id: Id, change: Readonly<Record<string, unknown>>, at: string, slug: string, says: string): Row {
  const name = `${at} ${JSON.stringify(change[at])}`;
  return [id, name, `POST ${JOBS}`, fresh({ schedule: change }), `422 ${slug}`, says, [`/schedule/${at} ${slug}`]];
}

const hourly = (change: object) => ({ cron: "0 * * * *", ...change });

/** Schedules that can't be read, never fire, or fire otherwise than their author may think. */
export const SCHEDULES: readonly Row[] = [
  cron("B19", "", "cron-empty", 'write such as "30 6 * * MON-FRI"'),
  cron("B19", "   ", "cron-empty", 'write such as "30 6 * * MON-FRI"'),
  cron("B20", "* * * *", "cron-field-count", "found 4 fields, need 5, 6 (seconds first) or 7 (year last)"),
  cron("B20", "* * * * * * * *", "cron-field-count", "found 8 fields"),
  cron("B21", "60 * * * *", "cron-out-of-range", 'minute: "60" is outside 0-59'),
  cron("B21", "* 24 * * *", "cron-out-of-range", 'hour: "24" is outside 0-23'),
  cron("B21", "* * 0 * *", "cron-out-of-range", '"0" is outside 1-31'),
  cron("B21", "* * * 13 *", "cron-out-of-range", 'month: "13" is outside 1-12'),
  cron("B21", "* * * * 8", "cron-out-of-range", '"8" is outside 0-7'),
  cron("B22", "*/0 * * * *", "cron-bad-step", "1-59"),
  cron("B22", "*/70 * * * *", "cron-bad-step", "1-59"),
  cron("B23", "5-1 * * * *", "cron-bad-range", "5-1"),
  cron("B24", "0 0 30 2 *", "cron-never-fires", "30"),
  cron("B24", "0 0 31 4,6 *", "cron-never-fires", "31"),
  cron("B27", `${"1,".repeat(5_000)}1 * * * *`, "cron-too-long", "256"),
  cron("B28", "@reboot", "cron-unsupported", '"@reboot" is not one of @yearly'),
  cron("B28", "H * * * *", "cron-unsupported", 'spread jobs with "jitter"'),
  cron("B28", "0 0 * * MON#6", "cron-unsupported", 'an ordinal runs from 1 to 5, such as "MON#2"'),
  cron("B29", "٠ ٠ * * *", "cron-bad-character", "character U+0660 is not allowed"),
  cron("B29", "０ 0 * * *", "cron-bad-character", "character U+FF10 is not allowed"),
  cron("B29", "0\u200b 0 * * *", "cron-bad-character", "character U+200B is not allowed"),
  schedule("B30", { every: "500ms" }, "every", "interval-invalid", "from 1s to 366d"),
  schedule("B31", { every: "0s" }, "every", "interval-invalid", "from 1s to 366d"),
  schedule("B31", { every: "-5m" }, "every", "interval-invalid", 'got "-5m"'),
  schedule("B31", { every: "1000000h" }, "every", "interval-invalid", 'got "1000000h"'),
  schedule("B31", { every: "5 minuts" }, "every", "interval-invalid", 'such as "90s"'),
  schedule("B31", { every: long(300) }, "every", "interval-invalid", "…"),
  schedule("B32", hourly({ timezone: "Mars/Phobos" }), "timezone", "timezone-unknown", '"Mars/Phobos"'),
  schedule("B32", hourly({ timezone: "Europe/Berlim" }), "timezone", "timezone-unknown", "Europe/Berlin"),
  schedule("B32", hourly({ timezone: "EST5EDT4" }), "timezone", "timezone-unknown", "EST5EDT"),
  schedule("B32", hourly({ timezone: "+25:00" }), "timezone", "timezone-unknown", '"+25:00"'),
  schedule("B32", hourly({ timezone: "" }), "timezone", "timezone-unknown", '""'),
  schedule("B33", hourly({ timezone: "../../etc/passwd" }), "timezone", "timezone-unknown", '"../../etc/passwd"'),
  schedule("B33", hourly({ timezone: "Europe/\u0000Berlin" }), "timezone", "timezone-unknown", "\\u"),
  schedule("B34", hourly({ startAt: "2027-02-30T00:00:00Z" }), "startAt", "datetime-invalid", 'such as "2026-03-08T07:30:00Z"'),
  schedule("B34", hourly({ startAt: "tomorrow" }), "startAt", "datetime-invalid", 'such as "2026-03-08T07:30:00Z"'),
  schedule("B34", hourly({ startAt: 1_767_225_600 }), "startAt", "wrong-type", "must be a text; got the number 1767225600"),
  schedule("B35", hourly({ startAt: "2027-02-01T00:00:00" }), "startAt", "datetime-needs-offset", "with an offset"),
  schedule("B36", hourly({ startAt: "2027-06-01T00:00:00Z", endAt: "2027-06-01T00:00:00Z" }), "endAt", "window-empty", "2027-06-01T00:00:00"),
  schedule("B36", hourly({ startAt: "2027-06-01T00:00:00Z", endAt: "2027-01-01T00:00:00Z" }), "endAt", "window-empty", "2027-01-01T00:00:00"),
  schedule("B36", hourly({ endAt: "2020-01-01T00:00:00Z" }), "endAt", "window-empty", "2020-01-01T00:00:00"),
  schedule("B37", { at: "2020-01-01T00:00:00Z" }, "at", "at-in-past", "2020-01-01T00:00:00"),
  schedule("B38", { at: "9999-12-31T00:00:00Z" }, "at", "datetime-out-of-range", "between 1970 and 2100"),
  schedule("B38", { at: "+275761-01-01T00:00:00Z" }, "at", "datetime-invalid", "RFC 3339"),
  ["B40", "a preview of 10^9 slots", "POST /v1/preview", { body: { schedule: { every: "1h" }, count: 1_000_000_000 } }, "422 limit-too-large", "at most 1000; got 1000000000", ["/count limit-too-large"]],
  ["B20", "a preview of a bad schedule", "POST /v1/preview", { body: { schedule: { cron: "x" } } }, "422 cron-field-count", "found 1 field", ["/schedule/cron cron-field-count"]],
  ["B40", "a preview of a job in no namespace", "POST /v1/preview", { body: { schedule: {}, job: "report" } }, "422 required-field", '"namespace" is required', ["/namespace required-field"]],
  ["B41", "a backfill of 54 years", `POST ${JOB}/backfills`, { body: { from: "1971-01-02T00:00:00Z", to: "2025-01-02T00:00:00Z" } }, "422 backfill-too-large", "split the stretch, such as at 1998-05-20T02:00:00.000Z", ["/to backfill-too-large"]],
  schedule("B42", { cron: "0 0 * * *", every: "5m" }, "every", "schedule-ambiguous", "every"),
  ["B42", "an interval for a window without interval", `POST ${JOBS}`, fresh({ schedule: { endAt: "2030-01-01T00:00:00Z" } }), "422 schedule-field-unused", "endAt", ["/schedule/endAt schedule-field-unused"]],
  ["B43", "a catch-up of more than 1,000 slots", `POST ${JOBS}`, fresh({ misfire: { policy: "all", maxLateness: "365d", limit: 3_153_600 } }), "422 number-out-of-range", "from 1 to 1000; got 3153600", ["/misfire/limit number-out-of-range"]],
  ["B43", "a catch-up of more than a year", `POST ${JOBS}`, fresh({ misfire: { policy: "all", maxLateness: "367d" } }), "422 timeout-invalid", "from 1s to 366d", ["/misfire/maxLateness timeout-invalid"]],
  ["B53", "a calendar that is not there", `POST ${JOBS}`, fresh({ schedule: hourly({ calendars: ["holidays"] }) }), "422 unknown-reference", '"holidays"', ["/schedule/calendars/0 unknown-reference"]],
  ["B21", "a plan with a bad schedule", `POST ${NAMESPACE}/plan`, { body: { definitions: [REPORT, { ...REPORT, name: "b", schedule: { cron: "60 * * * *" } }] } }, "422 cron-out-of-range", '"60" is outside 0-59', ["/definitions/1/schedule/cron cron-out-of-range"]],
  ["B23", "a calendar whose range is reversed", `PUT ${NAMESPACE}/calendars/c`, { body: { name: "c", exclude: [{ from: "2026-02-01", to: "2026-01-01" }] } }, "422 calendar-range-reversed", "2026-01-01", ["/exclude/0 calendar-range-reversed"]],
  ["B34", "a calendar with a date that is none", `PUT ${NAMESPACE}/calendars/c`, { body: { name: "c", exclude: ["2026-02-30"] } }, "422 date-invalid", "2026-02-30"],
  ["B32", "an update to a zone that is none", `PUT ${JOB}`, { ...definition({ schedule: hourly({ timezone: "CET6" }) }), headers: { "if-match": "*" } }, "422 timezone-unknown", "CET", ["/schedule/timezone timezone-unknown"]],
  ["B41", "a backfill of no time", `POST ${JOB}/backfills`, { body: { from: "2026-01-02T00:00:00Z", to: "2026-01-02T00:00:00Z" } }, "422 window-empty", "2026-01-02T00:00:00", ["/to window-empty"]],
  ["B41", "a backfill of the future", `POST ${JOB}/backfills`, { body: { from: "2026-01-02T00:00:00Z", to: "2071-01-02T00:00:00Z" } }, "422 datetime-out-of-range", "2071-01-02T00:00:00", ["/to datetime-out-of-range"]],
]; // prettier-ignore
