import { describe, expect, it } from "vitest";
import { type ErrorCode } from "../../../api/contract/error-codes.ts";
import { problem } from "../../../api/contract/problem.ts";
import { ApiError, ConnectionError, parseRetryAfter } from "../../../client/sdk/api-error.ts";
import { DEFAULT_RETRY, retryDelayMs } from "../../../client/sdk/retry.ts";

const REQUEST = { method: "GET", path: "/v1/whoami" };

function refused(code: ErrorCode, isFromServer = true): ApiError {
  return new ApiError(problem(code, "no"), { request: REQUEST, isFromServer });
}

function silence(reason: ConnectionError["reason"]): ConnectionError {
  return new ConnectionError("silence", { reason, request: REQUEST });
}

describe("retryDelayMs()", () => {
  it.each([
    [refused("unavailable"), true, false],
    [refused("unavailable", false), true, false],
    [refused("rate-limited"), true, true],
    [refused("rate-limited", false), true, false],
    [refused("idempotency-in-progress"), true, false],
    [refused("internal"), false, false],
    [refused("not-found"), false, false],
    [refused("version-conflict"), false, false],
    [silence("unreachable"), true, false],
    [silence("timeout"), true, false],
    [silence("malformed"), false, false],
    [new Error("a bug"), false, false],
  ])("%s: safe requests %s, others %s", (error, whenSafe, whenNot) => {
    const isRepeated = (isSafe: boolean): boolean =>
      retryDelayMs(error, { attempt: 1, isSafe, random: 0 }, DEFAULT_RETRY) !== undefined;

    expect([isRepeated(true), isRepeated(false)]).toEqual([whenSafe, whenNot]);
  });

  it("doubles the delay up to its limit, less a random part of up to half", () => {
    const policy = { maxAttempts: 10, initialDelayMs: 100, maxDelayMs: 500 };
    const delays = (random: number): unknown =>
      [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(silence("timeout"), { attempt, isSafe: true, random }, policy));

    expect(delays(0)).toEqual([50, 100, 200, 250, 250]);
    expect(delays(1)).toEqual([100, 200, 400, 500, 500]);
  });
});

describe("parseRetryAfter()", () => {
  it.each([
    ["7", 7_000],
    ["Sun, 08 Mar 2026 07:30:10 GMT", 10_000],
    ["Sun, 08 Mar 2026 07:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("reads %j as %j ms", (header, expected) => {
    expect(parseRetryAfter(header, Date.parse("2026-03-08T07:30:00Z"))).toBe(expected);
  });
});
