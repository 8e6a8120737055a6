import type { ErrorCode } from "./error-codes.ts";

/** What a schedule may be refused for. */
export const SCHEDULE_PROBLEMS = [
  "cron-empty", "cron-too-long", "cron-bad-character", "cron-field-count", "cron-bad-value", "cron-out-of-range",
  "cron-bad-step", "cron-bad-range", "cron-unsupported", "cron-never-fires", "interval-invalid", "timezone-unknown",
  "datetime-invalid", "datetime-needs-offset", "datetime-out-of-range", "at-in-past", "dates-duplicate", "window-empty",
  "schedule-ambiguous", "schedule-field-unused", "unknown-reference", "name-invalid",
] as const satisfies readonly ErrorCode[]; // prettier-ignore

/** What a definition may be refused for beyond the types of its fields. */
export const DEFINITION_PROBLEMS = [
  ...SCHEDULE_PROBLEMS,
  "executor-invalid", "timeout-invalid", "backoff-invalid", "schedule-too-frequent", "url-not-allowed",
  "header-not-allowed", "env-reserved", "template-invalid", "parameters-invalid", "regex-unsafe", "payload-too-large",
  "payload-not-json", "too-many-labels", "workflow-invalid", "workflow-cycle", "workflow-too-large", "expression-invalid",
] as const satisfies readonly ErrorCode[]; // prettier-ignore
