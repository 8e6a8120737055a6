import { describe, expect, it } from "vitest";
import { leavesOutcomeOpen, portError } from "../../../adapters/aws/sdk-errors.ts";
import { PortError, type PortErrorCode } from "../../../core/ports/errors.ts";

interface Case {
  readonly what: string;
  readonly error: unknown;
  readonly writing: PortErrorCode;
  /** Default: as `writing`. */
  readonly reading?: PortErrorCode;
  readonly message: string;
}

const cases: readonly Case[] = [
  {
    what: "throttling",
    error: serviceError("ThrottlingException", 400, "Rate exceeded"),
    writing: "THROTTLED",
    message: "Cannot act: throttled: Rate exceeded (ThrottlingException)",
  },
  {
    what: "throttling with its reasons",
    error: Object.assign(serviceError("ProvisionedThroughputExceededException", 400, "Too fast."), {
      ThrottlingReasons: [{ reason: "TableWriteAccountLimitExceeded", resource: "arn:aws:dynamodb:::table/t" }],
    }),
    writing: "THROTTLED",
    message:
      "Cannot act: throttled: Too fast (ProvisionedThroughputExceededException), because of TableWriteAccountLimitExceeded",
  },
  {
    what: "a status of too many requests",
    error: serviceError("Whatever", 429, "slow down"),
    writing: "THROTTLED",
    message: "Cannot act: throttled: slow down (Whatever)",
  },
  {
    what: "an expired token",
    error: serviceError("ExpiredTokenException", 400, "The security token included in the request is expired"),
    writing: "UNAVAILABLE",
    message:
      "Cannot act: credentials or permissions were refused: The security token included in the request is expired (ExpiredTokenException)",
  },
  {
    what: "a missing permission",
    error: serviceError("AccessDeniedException", 400, "User x is not authorized"),
    writing: "UNAVAILABLE",
    message: "Cannot act: credentials or permissions were refused: User x is not authorized (AccessDeniedException)",
  },
  {
    what: "no credentials at all",
    error: named("CredentialsProviderError", "Could not load credentials from any providers"),
    writing: "UNAVAILABLE",
    message:
      "Cannot act: credentials or permissions were refused: Could not load credentials from any providers (CredentialsProviderError)",
  },
  {
    what: "a missing table",
    error: serviceError("ResourceNotFoundException", 400, "Requested resource not found"),
    writing: "UNAVAILABLE",
    message:
      "Cannot act: it does not exist in this account and region: Requested resource not found (ResourceNotFoundException)",
  },
  {
    what: "a missing queue",
    error: serviceError("QueueDoesNotExist", 400, "The specified queue does not exist."),
    writing: "UNAVAILABLE",
    message:
      "Cannot act: it does not exist in this account and region: The specified queue does not exist (QueueDoesNotExist)",
  },
  {
    what: "a request that breaks a rule",
    error: serviceError("ValidationException", 400, "Item size has exceeded the maximum allowed size"),
    writing: "INVALID",
    message: "Cannot act: Item size has exceeded the maximum allowed size (ValidationException)",
  },
  {
    what: "any other refusal",
    error: serviceError("ResourceInUseException", 400, "Table is being updated"),
    writing: "UNAVAILABLE",
    message: "Cannot act: Table is being updated (ResourceInUseException)",
  },
  {
    what: "a service that takes no request",
    error: serviceError("ServiceUnavailable", 503, ""),
    writing: "UNAVAILABLE",
    message: "Cannot act: ServiceUnavailable",
  },
  {
    what: "a failure inside the service",
    error: serviceError("InternalServerError", 500, "Internal failure"),
    writing: "UNKNOWN_OUTCOME",
    reading: "UNAVAILABLE",
    message: "Cannot act: Internal failure (InternalServerError)",
  },
  {
    what: "a refused connection",
    error: systemError("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:80"),
    writing: "UNAVAILABLE",
    message: "Cannot act: connect ECONNREFUSED 127.0.0.1:80",
  },
  {
    what: "an unknown host",
    error: systemError("ENOTFOUND", "getaddrinfo ENOTFOUND dynamodb"),
    writing: "UNAVAILABLE",
    message: "Cannot act: getaddrinfo ENOTFOUND dynamodb",
  },
  {
    what: "a connection that is not made in time",
    error: named("TimeoutError", "the request socket did not establish a connection with the server within 1000 ms"),
    writing: "UNAVAILABLE",
    message:
      "Cannot act: the request socket did not establish a connection with the server within 1000 ms (TimeoutError)",
  },
  {
    what: "an answer that does not come in time",
    error: named("TimeoutError", "a request has exceeded 5000 ms"),
    writing: "UNKNOWN_OUTCOME",
    reading: "UNAVAILABLE",
    message: "Cannot act: a request has exceeded 5000 ms (TimeoutError)",
  },
  {
    what: "a broken connection",
    error: systemError("ECONNRESET", "socket hang up"),
    writing: "UNKNOWN_OUTCOME",
    reading: "UNAVAILABLE",
    message: "Cannot act: socket hang up",
  },
  {
    what: "what is no error",
    error: "nonsense",
    writing: "UNKNOWN_OUTCOME",
    reading: "UNAVAILABLE",
    message: "Cannot act: nonsense",
  },
];

describe("portError", () => {
  it.each(cases)("calls $what $writing, and keeps its cause", ({ error, writing, reading = writing, message }) => {
    expect(portError("Cannot act", error)).toMatchObject({ code: writing, message, cause: error });
    expect(portError("Cannot act", error, { reading: true })).toMatchObject({ code: reading, message, cause: error });
    expect(leavesOutcomeOpen(error)).toBe(writing === "UNKNOWN_OUTCOME");
  });

  it("calls any error UNKNOWN_OUTCOME once an earlier attempt is in doubt", () => {
    const codes = cases.map(({ error }) => portError("Cannot act", error, { inDoubt: true }).code);

    expect(new Set(codes)).toEqual(new Set(["UNKNOWN_OUTCOME"]));
  });

  it("leaves an error of a port as it is", () => {
    const error = new PortError("INVALID", "Cannot write 2 items: a batch has at most 1");

    expect(portError("Cannot act", error)).toBe(error);
  });
});

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function serviceError(name: string, httpStatusCode: number, message: string): Error {
  return Object.assign(named(name, message), { $metadata: { httpStatusCode } });
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
