import { CarillonError } from "../../core/errors.ts";
import { PortError, type PortErrorCode } from "../../core/ports/errors.ts";
import { ScheduleError } from "../../core/schedule/schedule-error.ts";
import { SendError } from "../../core/services/send.ts";
import { WorkflowError } from "../../core/workflow/workflow-error.ts";
import { problem, ProblemError } from "../contract/problem.ts";

/** When a store that is out of reach is worth another try. */
const RETRY_AFTER = { "Retry-After": "1" };

/**
 * The problem that an error is answered with. Whatever is not a refusal in the project's own words is `internal`: its
 * message is for the log, not for the client.
 */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof CarillonError || error instanceof WorkflowError) return pointed(error, "");
  if (error instanceof ScheduleError) return pointed(error, "/schedule");
  if (error instanceof PortError) return PORT_PROBLEMS[error.code](error);
  if (error instanceof SendError) return unrung(error);
  return internal(error);
}

/**
 * Lets the pointers of what `action` is refused with begin at a place in the body.
 *
 * @param prefix - of errors that point into the definition
 * @param schedulePrefix - of a ScheduleError, which points into the schedule or calendar
 */
export async function at<T>(
  { prefix, schedulePrefix }: { readonly prefix: string; readonly schedulePrefix: string },
  action: () => Promise<T> | T,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CarillonError || error instanceof WorkflowError) throw pointed(error, prefix);
    if (error instanceof ScheduleError) throw pointed(error, schedulePrefix);
    throw error;
  }
}

function pointed(error: CarillonError | ScheduleError | WorkflowError, prefix: string): ProblemError {
  const { code, message: detail, pointer } = error;
  const position = "position" in error && error.position !== undefined ? { position: error.position } : {};
  const errors = pointer === undefined ? [] : [{ pointer: prefix + pointer, code, detail, ...position }];
  return new ProblemError(problem(code, detail, errors.length === 0 ? {} : { errors }), { cause: error });
}

const PORT_PROBLEMS: Readonly<Record<PortErrorCode, (error: PortError) => ProblemError>> = {
  UNAVAILABLE: unavailable,
  THROTTLED: unavailable,
  UNKNOWN_OUTCOME: unknownOutcome,
  STORAGE_FULL: (cause) => new ProblemError(problem("storage-full", "The store has no space left"), { cause }),
  INVALID: internal,
};

function unavailable(cause: PortError): ProblemError {
  const detail = "The store can't be reached for the moment";
  return new ProblemError(problem("unavailable", detail), { headers: RETRY_AFTER, cause });
}

function unknownOutcome(cause: Error): ProblemError {
  const detail = "The store did not answer: the change may or may not have been made";
  return new ProblemError(problem("unavailable", detail), { headers: RETRY_AFTER, cause });
}

/**
 * What is rung for has been recorded before: whatever kept the queue from taking a message, also one that it certainly has
 * not taken, nobody may be told that nothing happened.
 */
function unrung(error: SendError): ProblemError {
  const { cause } = error;
  const mayHelpLater = cause instanceof PortError && cause.code !== "INVALID";
  return mayHelpLater ? unknownOutcome(error) : internal(error);
}

function internal(cause: unknown): ProblemError {
  const detail = "The request failed on our side; its id tells the operator where to look";
  return new ProblemError(problem("internal", detail), { cause });
}
