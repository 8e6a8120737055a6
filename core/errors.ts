/**
 * A refusal in the core's own words. `code` is the slug of the API's error table; `pointer` names the field
 * (RFC 6901) where there is one.
 */
export class CarillonError extends Error {
  readonly code: RefusalCode;
  readonly pointer: string | undefined;

  constructor(code: RefusalCode, message: string, options: { pointer?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CarillonError";
    this.code = code;
    this.pointer = options.pointer;
  }
}

export type RefusalCode =
  | "not-found"
  | "run-not-found"
  | "name-taken"
  | "version-conflict"
  | "job-not-active"
  | "job-has-active-runs"
  | "run-already-final"
  | "run-not-final"
  | "definition-missing"
  | "unknown-reference"
  | "parameters-invalid"
  | "workflow-invalid"
  | "workflow-cycle"
  | "not-a-workflow"
  | "not-a-step"
  | "not-an-approval"
  | "not-an-approver"
  | "run-not-running"
  | "run-is-step"
  | "step-under-way"
  | "nothing-to-redrive"
  | "template-invalid"
  | "template-too-large"
  | "regex-unsafe"
  | "url-not-allowed"
  | "header-not-allowed"
  | "timeout-invalid"
  | "backoff-invalid"
  | "executor-invalid"
  | "schedule-too-frequent"
  | "catchup-too-large"
  | "backfill-too-large"
  | "range-too-large"
  | "window-empty"
  | "datetime-out-of-range"
  | "idempotency-mismatch";
