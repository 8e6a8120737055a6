import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../api/contract/error-codes.ts";
import type { Problem } from "../../api/contract/problem.ts";
import type { Route } from "../../api/contract/route.ts";
import { ROUTES } from "../../api/contract/routes.ts";
import { ApiRig, REPORT, slugOf } from "./api-rig.ts";

/** Values that have broken parsers, schedulers and stores before. */
const nasty = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "../..",
    "a#b",
    "\u0000",
    "\u202e",
    "é",
    "{{slot}}",
    "{{x.__proto__}}",
    "NaN",
    "x".repeat(2_000),
  ),
  fc.constantFrom("2026-02-30T00:00:00Z", "9999-12-31T00:00:00Z", "0 0 30 2 *", "Mars/Phobos", "-5m", "1e400"),
  fc.constantFrom(0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, true, null),
  fc.constantFrom([], {}, [[]], { a: { b: {} } }),
);
const fields = ["name", "schedule", "executor", "parameters", "labels", "retry", "timeouts", "misfire", "concurrency",
  "parametersSchema", "requests", "at", "priority", "from", "to", "missed", "note", "graceMs", "definitions", "count",
  "role", "namespaces", "expiresIn", "exclude", "include", "closedWeekdays", "unknown"]; // prettier-ignore
const inner = fc.dictionary(
  fc.constantFrom("cron", "every", "at", "dates", "timezone", "endAt", "type", "argv", "url"),
  nasty,
  {
    maxKeys: 4,
  },
);
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...fields), fc.oneof(nasty, inner), { maxKeys: 5 }),
  fc
    .dictionary(fc.constantFrom(...fields), fc.oneof(nasty, inner), { maxKeys: 2 })
    .map((change) => ({ ...REPORT, ...change })),
  fc.jsonValue(),
);
/** What stands there, most of the time. */
const VALUES: Readonly<Record<string, string>> = {
  namespace: "default",
  job: "report",
  runId: "default.report@20260105T020000.000Z",
  pool: "default",
  priority: "normal",
};
const segment = fc.option(fc.webSegment(), { freq: 8 });
const query = fc.dictionary(
  fc.constantFrom("limit", "cursor", "state", "status", "from", "to", "rows", "attempt", "version", "follow", "x"),
  fc.oneof(fc.constantFrom("1", "0", "true", "2026-01-01T00:00:00Z", "", "🦆"), fc.string()),
  { maxKeys: 3 },
);

const SEED = 20_260_105;

describe("any request", () => {
  it.each(Object.entries<Route>(ROUTES))(
    "to %s is answered with a documented status and no failure",
    async (_, route) => {
      const rig = await ApiRig.open({ rateLimits: false });
      await rig.define();
      await fc.assert(
        fc.asyncProperty(
          body,
          fc.array(segment, { minLength: 4, maxLength: 4 }),
          query,
          async (value, segments, search) => {
            let index = 0;
            const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) =>
              encodeURIComponent(segments[index++] ?? VALUES[name] ?? "abc"),
            );
            const method = route.method.toUpperCase();
            const sent = route.method === "get" ? {} : { body: JSON.stringify(value) };
            const response = await rig.request(method, `${path}?${new URLSearchParams(search).toString()}`, sent);
            if (response.status < 400) return response.body?.cancel();

            const problem = {
              status: response.status,
              headers: response.headers,
              text: "",
              body: (await response.json()) as Problem,
            };
            expect(ERROR_CODES).toHaveProperty([slugOf(problem), "status"], response.status);
            expect(response.status).toBeLessThan(500);
            expect(rig.events.some(({ event }) => event === "failure")).toBe(false);
          },
        ),
        { seed: SEED, numRuns: 40 },
      );
    },
  );
});
