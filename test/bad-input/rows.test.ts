import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../api/contract/error-codes.ts";
import type { Problem } from "../../api/contract/problem.ts";
import { problemSchema } from "../../api/contract/problem-schema.ts";
import { openMemoryTarget } from "./memory-target.ts";
import { ROWS } from "./rows.ts";
import { startServerTarget } from "./server-target.ts";
import { pathOn, setStage, type Stage, type Target } from "./stage.ts";

const TARGETS: [string, () => Promise<Target>][] = [
  ["the API in this process", openMemoryTarget],
  ["a running server", startServerTarget],
];

describe.each(TARGETS)("%s refuses bad input", (_, open) => {
  let target: Target;
  let stage: Stage;

  beforeAll(async () => {
    target = await open();
    stage = await setStage(target);
  });

  afterAll(() => target.stop());

  describe.each(ROWS)("%s:", (_about, rows) => {
    it.each(rows.map((row) => ({ id: row[0], name: row[1], row })))("$id: $name", async ({ row }) => {
      const [, , request, options, expected, says, faults] = row;
      const [method = "", path = ""] = request.split(" ");
      const { as = "admin" } = options;
      const token = as === "nobody" ? null : as === "admin" ? target.admin : stage.tokens[as];
      const before = target.dump();
      const failures = target.failures();

      const { status, headers, text } = await target.request(method, pathOn(stage, path), options, token);

      const problem = problemSchema.parse(JSON.parse(text)) as Problem;
      const slug = problem.type.replace("urn:carillon:problem:", "");
      expect(`${status} ${slug}: ${problem.detail}`).toMatch(new RegExp(`^${expected}: `));
      expect(problem.detail).toContain(says);
      if (faults !== undefined)
        expect((problem.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)).toEqual(faults);
      expect(ERROR_CODES).toHaveProperty([slug, "status"], status);
      expect(headers.get("content-type")).toBe("application/problem+json");
      // What is no request at all has no id.
      expect(problem.instance ?? null).toBe(headers.get("carillon-request-id"));
      expectReadable(problem);
      expect(target.dump()).toBe(before);
      expect(target.failures()).toEqual(failures);
    });
  });
});

/** Sentences for people: one line, nothing that a terminal acts on, no full stop, no trace of our own code. */
function expectReadable({ detail, errors = [] }: Problem): void {
  for (const text of [detail, ...errors.map((error) => error.detail)]) {
    expect(text).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b]/u);
    expect(text.length).toBeLessThan(600);
    expect(text).not.toMatch(/\.$|\bat .*\.(?:ts|js):\d|node:|undefined|\[object/);
  }
}
