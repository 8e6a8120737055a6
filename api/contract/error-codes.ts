import type { RefusalCode } from "../../core/errors.ts";
import type { MacroErrorCode } from "../../core/run/macro-parser.ts";
import type { ScheduleErrorCode } from "../../core/schedule/schedule-error.ts";
import type { WorkflowErrorCode } from "../../core/workflow/workflow-error.ts";

/**
 * Every error that Carillon promises by name: the slug, the HTTP status it has, and a title that does not change from
 * one occurrence to the next. The slug ends the problem's `type`; `errors[].code` uses the same words.
 *
 * 400 says malformed, 422 well-formed but not acceptable, 409 in conflict with what is stored. 404 is the answer for
 * unknown and for foreign things alike.
 */
export const ERROR_CODES = {
  // The request as such
  "request-malformed": { status: 400, title: "Malformed request" },
  "request-timeout": { status: 408, title: "Request not complete in time" },
  "body-required": { status: 400, title: "Body required" },
  "body-too-large": { status: 413, title: "Body too large" },
  "unsupported-media-type": { status: 415, title: "Unsupported media type" },
  "not-acceptable": { status: 406, title: "Not acceptable" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "headers-too-large": { status: 431, title: "Headers too large" },
  "uri-too-long": { status: 414, title: "Address too long" },
  "header-invalid": { status: 400, title: "Invalid header" },
  "invalid-id": { status: 400, title: "Invalid identifier" },
  "query-invalid": { status: 422, title: "Invalid query parameter" },
  "cursor-invalid": { status: 400, title: "Invalid page cursor" },
  "cursor-expired": { status: 410, title: "Page cursor expired" },
  "limit-too-large": { status: 422, title: "Limit too large" },

  // Text that becomes data
  "json-syntax": { status: 400, title: "Malformed JSON" },
  "json-duplicate-key": { status: 400, title: "Duplicate key in JSON" },
  "json-too-deep": { status: 400, title: "Nested too deeply" },
  "yaml-syntax": { status: 400, title: "Malformed YAML" },
  "yaml-duplicate-key": { status: 400, title: "Duplicate key in YAML" },
  "yaml-not-allowed": { status: 400, title: "YAML feature not allowed" },
  "invalid-unicode": { status: 400, title: "Invalid Unicode" },
  "forbidden-key": { status: 422, title: "Forbidden key" },

  // Fields
  "validation-failed": { status: 422, title: "Several fields are not acceptable" },
  "required-field": { status: 422, title: "Required field missing" },
  "unknown-field": { status: 422, title: "Unknown field" },
  "read-only-field": { status: 422, title: "Read-only field" },
  "wrong-type": { status: 422, title: "Wrong type" },
  "number-out-of-range": { status: 422, title: "Number out of range" },
  "length-out-of-range": { status: 422, title: "Length out of range" },
  "value-not-allowed": { status: 422, title: "Value not allowed" },
  "value-invalid": { status: 422, title: "Invalid value" },

  // Schedules and time
  "cron-empty": { status: 422, title: "Cron expression empty" },
  "cron-field-count": { status: 422, title: "Wrong number of cron fields" },
  "cron-bad-value": { status: 422, title: "Invalid cron value" },
  "cron-out-of-range": { status: 422, title: "Cron value out of range" },
  "cron-bad-step": { status: 422, title: "Invalid cron step" },
  "cron-bad-range": { status: 422, title: "Invalid cron range" },
  "cron-never-fires": { status: 422, title: "Cron expression never fires" },
  "cron-too-long": { status: 422, title: "Cron expression too long" },
  "cron-unsupported": { status: 422, title: "Cron feature not supported" },
  "cron-bad-character": { status: 422, title: "Invalid character in cron expression" },
  "schedule-ambiguous": { status: 422, title: "Schedule ambiguous" },
  "schedule-too-frequent": { status: 422, title: "Schedule too frequent" },
  "interval-invalid": { status: 422, title: "Invalid interval" },
  "timezone-unknown": { status: 422, title: "Unknown time zone" },
  "datetime-invalid": { status: 422, title: "Invalid instant" },
  "datetime-needs-offset": { status: 422, title: "Instant without offset" },
  "datetime-out-of-range": { status: 422, title: "Instant out of range" },
  "date-invalid": { status: 422, title: "Invalid date" },
  "dates-duplicate": { status: 422, title: "Instant listed twice" },
  "calendar-range-reversed": { status: 422, title: "Calendar range reversed" },
  "schedule-field-unused": { status: 422, title: "Schedule field without effect" },
  "window-empty": { status: 422, title: "Window empty" },
  "at-in-past": { status: 422, title: "Instant in the past" },
  "range-too-large": { status: 422, title: "Range too large" },
  "backfill-too-large": { status: 422, title: "Backfill too large" },
  "catchup-too-large": { status: 422, title: "Catch-up too large" },

  // Definitions
  "name-invalid": { status: 422, title: "Invalid name" },
  "name-taken": { status: 409, title: "Name taken" },
  "too-many-labels": { status: 422, title: "Too many labels" },
  "executor-invalid": { status: 422, title: "Invalid executor" },
  "timeout-invalid": { status: 422, title: "Invalid timeout" },
  "backoff-invalid": { status: 422, title: "Invalid backoff" },
  "payload-too-large": { status: 422, title: "Parameters too large" },
  "payload-not-json": { status: 422, title: "Parameters are not JSON" },
  "parameters-invalid": { status: 422, title: "Parameters do not meet their schema" },
  "schema-invalid": { status: 422, title: "Invalid JSON Schema" },
  "unknown-reference": { status: 422, title: "Unknown reference" },
  "secret-in-payload": { status: 422, title: "Secret in plain text" },
  "regex-unsafe": { status: 422, title: "Unsafe regular expression" },
  "template-invalid": { status: 422, title: "Invalid macro" },
  "template-too-large": { status: 422, title: "Expanded text too large" },
  "env-reserved": { status: 422, title: "Environment variable not allowed" },
  "url-not-allowed": { status: 422, title: "Address not allowed" },
  "header-not-allowed": { status: 422, title: "Header not allowed" },
  "workflow-invalid": { status: 422, title: "Invalid workflow" },
  "workflow-cycle": { status: 422, title: "Steps wait for each other" },
  "workflow-too-large": { status: 422, title: "Workflow too large" },
  "expression-invalid": { status: 422, title: "Invalid expression" },

  // State, concurrency, idempotency
  "not-found": { status: 404, title: "Not found" },
  "run-not-found": { status: 404, title: "Run not found" },
  "precondition-required": { status: 428, title: "Precondition required" },
  "version-conflict": { status: 412, title: "Version conflict" },
  "run-already-final": { status: 409, title: "Run already ended" },
  "run-not-final": { status: 409, title: "Run not ended" },
  "run-not-running": { status: 409, title: "Run not under way" },
  "run-is-step": { status: 409, title: "Run is a step" },
  "not-a-workflow": { status: 409, title: "Not a workflow" },
  "not-a-step": { status: 409, title: "Not a step of a workflow" },
  "not-an-approval": { status: 409, title: "Not waiting for an approval" },
  "nothing-to-redrive": { status: 409, title: "Nothing to redrive" },
  "step-under-way": { status: 409, title: "Step under way" },
  "job-has-active-runs": { status: 409, title: "Job has active runs" },
  "job-not-active": { status: 409, title: "Job not active" },
  "definition-missing": { status: 409, title: "Definition missing" },
  fenced: { status: 409, title: "Claim lost" },
  "idempotency-key-required": { status: 400, title: "Idempotency key required" },
  "idempotency-key-invalid": { status: 400, title: "Invalid idempotency key" },
  "idempotency-mismatch": { status: 422, title: "Idempotency key used for another request" },
  "idempotency-in-progress": { status: 409, title: "First request still in progress" },
  "event-replayed": { status: 409, title: "Event already received" },

  // Access
  unauthenticated: { status: 401, title: "Not authenticated" },
  "token-invalid": { status: 401, title: "Invalid token" },
  "signature-invalid": { status: 401, title: "Invalid signature" },
  forbidden: { status: 403, title: "Forbidden" },
  "not-an-approver": { status: 403, title: "Not an approver" },
  "tenant-mismatch": { status: 403, title: "Namespace does not match the token" },
  "quota-exceeded": { status: 403, title: "Quota exceeded" },
  "rate-limited": { status: 429, title: "Too many requests" },

  // The service itself
  internal: { status: 500, title: "Internal error" },
  unavailable: { status: 503, title: "Unavailable" },
  "storage-full": { status: 507, title: "Storage full" },
} as const satisfies Record<string, Entry> & Record<CoreCode, Entry>;

interface Entry {
  readonly status: number;
  readonly title: string;
}

/** A code of the core that has no entry does not compile. */
type CoreCode = RefusalCode | ScheduleErrorCode | MacroErrorCode | WorkflowErrorCode;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Remarks on input that was accepted: what it does may not be what its author meant. */
export const WARNING_CODES = {
  "rare-schedule": { title: "Schedule fires rarely" },
  "cron-dom-dow-or": { title: "Day of month and day of week: either matches" },
  "dst-gap": { title: "Local time does not exist" },
} as const satisfies Record<string, { readonly title: string }>;

export type WarningCode = keyof typeof WARNING_CODES;
