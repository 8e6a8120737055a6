import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../../api/contract/error-codes.ts";
import { type FieldError, problem, ProblemError, problemOfErrors, slugOf } from "../../../api/contract/problem.ts";

const fault = (pointer: string, code: ErrorCode): FieldError => ({ pointer, code, detail: `${pointer} is wrong` });

describe("ERROR_CODES", () => {
  it.each(Object.entries(ERROR_CODES))("%s is a slug with a client or server status and a title", (slug, entry) => {
    expect(slug).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect([
      400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503, 507,
    ]).toContain(entry.status);
    expect(entry.title).toMatch(/^[A-Z].*[^.]$/);
  });
});

describe("problem", () => {
  it("takes status and title from the code, and ends its type in the slug", () => {
    expect(problem("storage-full", "The volume is full", { instance: "req-1" })).toEqual({
      type: "urn:carillon:problem:storage-full",
      title: "Storage full",
      status: 507,
      detail: "The volume is full",
      instance: "req-1",
    });
  });

  it("is carried by an error that knows its slug and the headers of the response", () => {
    const error = new ProblemError(problem("rate-limited", "Too fast"), { headers: { "retry-after": "3" } });

    expect(error).toMatchObject({ message: "Too fast", code: "rate-limited", headers: { "retry-after": "3" } });
  });
});

describe("problemOfErrors", () => {
  it.each<[string, ErrorCode[], ErrorCode]>([
    ["the code that all faults share", ["unknown-field", "unknown-field"], "unknown-field"],
    ["the malformed one among different faults", ["forbidden-key", "json-duplicate-key"], "json-duplicate-key"],
    [
      "validation-failed for different faults of well-formed input",
      ["wrong-type", "unknown-field"],
      "validation-failed",
    ],
  ])("takes %s", (_, codes, expected) => {
    expect(slugOf(problemOfErrors(codes.map((code, index) => fault(`/${index}`, code))))).toBe(expected);
  });

  it("tells the first fault and how many more there are", () => {
    expect(problemOfErrors([fault("/a", "wrong-type")]).detail).toBe("/a is wrong");
    expect(problemOfErrors([fault("/a", "wrong-type"), fault("/b", "wrong-type")]).detail).toBe(
      "/a is wrong (and 1 more error)",
    );
  });

  it("lists at most 50 faults", () => {
    const many = Array.from({ length: 70 }, (_, index) => fault(`/${index}`, "wrong-type"));

    expect(problemOfErrors(many).errors).toHaveLength(50);
  });
});
