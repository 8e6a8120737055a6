import { PortError, type PortErrorCode } from "../../core/ports/errors.ts";

export interface PortErrorOptions {
  /** The call changes nothing, so that it never has an unknown outcome. Default `false`. */
  readonly reading?: boolean;
  /** Something was sent before that may have been applied, whatever this error says. Default `false`. */
  readonly inDoubt?: boolean;
}

/**
 * The port's word for an error of an AWS SDK client.
 *
 * @param action - what was being done and to which resource, as the start of a sentence:
 *   `Cannot put "run#1" into table "carillon"`. The services' own messages often leave out the name.
 */
export function portError(action: string, error: unknown, options: PortErrorOptions = {}): PortError {
  if (error instanceof PortError) return error;
  const { reading = false, inDoubt = false } = options;
  const kind = kindOf(error);
  const code = inDoubt ? "UNKNOWN_OUTCOME" : (reading ? READING : WRITING)[kind];
  return new PortError(code, `${action}: ${HINT[kind]}${reasonOf(error)}`, { cause: error });
}

/** The request may have been applied, although its answer says nothing of the kind or never came. */
export function leavesOutcomeOpen(error: unknown): boolean {
  return WRITING[kindOf(error)] === "UNKNOWN_OUTCOME";
}

/**
 * - `throttled`, `invalid`: refused by the service, with the reason its name says.
 * - `forbidden`: the credentials are missing, expired, or lack a permission.
 * - `missing`: the resource does not exist.
 * - `unreachable`: no request was sent, or the service said that it took none.
 * - `refused`: any other refusal, such as a resource that is being changed.
 * - `broken`: a time-out, a lost connection, a failure inside the service, or an error nobody foresaw.
 */
type Kind = "throttled" | "invalid" | "forbidden" | "missing" | "unreachable" | "refused" | "broken";

const WRITING: Record<Kind, PortErrorCode> = {
  throttled: "THROTTLED",
  invalid: "INVALID",
  forbidden: "UNAVAILABLE",
  missing: "UNAVAILABLE",
  unreachable: "UNAVAILABLE",
  refused: "UNAVAILABLE",
  broken: "UNKNOWN_OUTCOME",
};

const READING: Record<Kind, PortErrorCode> = { ...WRITING, broken: "UNAVAILABLE" };

const HINT: Record<Kind, string> = {
  throttled: "throttled: ",
  invalid: "",
  forbidden: "credentials or permissions were refused: ",
  missing: "it does not exist in this account and region: ",
  unreachable: "",
  refused: "",
  broken: "",
};

/** Names of errors, as the services of this folder and the SDK itself give them. Those of conditions are not here. */
const NAMES: Record<Exclude<Kind, "broken" | "refused">, RegExp> = {
  throttled:
    /Throttl|^ProvisionedThroughputExceeded|^RequestLimitExceeded|^TooManyRequests|^SlowDown|^OverLimit|^LimitExceeded/,
  forbidden:
    /^(Kms|KMS)?AccessDenied|^ExpiredToken|^UnrecognizedClient|^InvalidClientTokenId|^InvalidSignature|^SignatureDoesNotMatch|^IncompleteSignature|^MissingAuthenticationToken|^RequestExpired|^AuthorizationError|^AuthFailure|^OptInRequired|^CredentialsProviderError|^TokenProviderError/,
  missing:
    /^(Resource|Cluster|Service|Parameter|Function)?NotFound(Exception)?$|^StateMachineDoesNotExist$|^(Cluster|Service)NotFoundException$|^QueueDoesNotExist$|^ParameterNotFound$|NonExistentQueue$/,
  invalid:
    /^Validation|^InvalidParameter|^InvalidRequestContent|^Invalid(Arn|Definition|ExecutionInput|Name|Output)$|^InvalidMessageContents|^InvalidAttribute|^InvalidBatchEntry|^BatchEntryIdsNotDistinct|^BatchRequestTooLong|^EmptyBatchRequest|^TooManyEntriesInBatchRequest|^RequestEntityTooLarge|^RequestTooLarge|^Serialization|^MissingParameter|^UnsupportedOperation|^UnknownOperation/,
  unreachable: /^ServiceUnavailable/,
};

/** System errors that come before a request has been sent. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** The SDK gives this time-out no code of its own; should its words change, the outcome merely counts as unknown. */
const NO_CONNECTION = /did not establish a connection/;

function kindOf(error: unknown): Kind {
  if (!(error instanceof Error)) return "broken";
  for (const [kind, names] of Object.entries(NAMES) as [keyof typeof NAMES, RegExp][]) {
    if (names.test(error.name)) return kind;
  }
  if ("code" in error && typeof error.code === "string" && BEFORE_SENDING.has(error.code)) return "unreachable";
  if (error.name === "TimeoutError" && NO_CONNECTION.test(error.message)) return "unreachable";
  return kindOfStatus(statusOf(error));
}

/** A failure inside a service (500, 502, 504) tells nothing of a write; 503 says that the service took no request. */
function kindOfStatus(status: number | undefined): Kind {
  if (status === 429) return "throttled";
  if (status === 403) return "forbidden";
  if (status === 503) return "unreachable";
  return status !== undefined && status >= 400 && status < 500 ? "refused" : "broken";
}

function statusOf(error: Error): number | undefined {
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return undefined;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : undefined;
}

/** The error's own words, its name where they leave it out, and why the service throttled. Without a full stop. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const words = error.message.trim().replace(/\.$/, "");
  const named = words === "" ? error.name : error.name === "Error" ? words : `${words} (${error.name})`;
  const reasons = throttlingReasonsOf(error);
  return reasons.length === 0 ? named : `${named}, because of ${reasons.join(", ")}`;
}

/** DynamoDB says which limit of which table or index was met: `TableWriteMaxOnDemandThroughputExceeded`. */
function throttlingReasonsOf(error: Error): string[] {
  const key = ["throttlingReasons", "ThrottlingReasons"].find((name) => name in error);
  const list: unknown = key === undefined ? undefined : Reflect.get(error, key);
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) =>
    typeof each === "object" && each !== null && "reason" in each && typeof each.reason === "string" ? each.reason : [],
  );
}
