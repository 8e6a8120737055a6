import { leavesOutcomeOpen } from "../../adapters/aws/sdk-errors.ts";
import { Failure } from "./failure.ts";

interface Kind {
  readonly name: string;
  readonly errors: RegExp;
  /** Trying again cannot help. */
  readonly isFinal: boolean;
}

/** By the names that Lambda, ECS and the SDK give their errors; the first that fits counts. */
const KINDS: readonly Kind[] = [
  {
    name: "ACCESS_DENIED",
    errors: /^(?:KMS)?AccessDenied|^Unauthorized|^InvalidSignature|^UnrecognizedClient/,
    isFinal: true,
  },
  { name: "NOT_FOUND", errors: /^(?:Resource|Cluster)NotFound/, isFinal: true },
  { name: "REQUEST_TOO_LARGE", errors: /^(?:Serialized)?Request(?:Entity)?TooLarge/, isFinal: true },
  {
    name: "REQUEST_INVALID",
    errors: /^Validation|^InvalidParameter|^InvalidRequestContent|^UnsupportedMediaType|^UnsupportedFeature|^Platform/,
    isFinal: true,
  },
  { name: "THROTTLED", errors: /Throttl|^TooManyRequests|^LimitExceeded|^RequestLimitExceeded/, isFinal: false },
];

/**
 * What a refused or broken call to a service of AWS means for the attempt. Errors: `ACCESS_DENIED`, `NOT_FOUND`,
 * `REQUEST_TOO_LARGE`, `REQUEST_INVALID` (final all of them), `THROTTLED`, `SERVICE_FAILED`, and `OUTCOME_UNKNOWN` when it
 * may have been carried out although its answer never came.
 *
 * @param action - what was tried, as the start of a sentence: `Cannot invoke function "report"`
 */
export function awsFailure(action: string, error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const kind = KINDS.find(({ errors }) => errors.test(name));
  const words = `${action}: ${message === "" ? name : message}`.replace(/\.$/, "");
  if (kind !== undefined) {
    return new Failure(kind.name, words, { ...(kind.isFinal && { retryable: false }), cause: error });
  }
  return new Failure(leavesOutcomeOpen(error) ? "OUTCOME_UNKNOWN" : "SERVICE_FAILED", words, { cause: error });
}
