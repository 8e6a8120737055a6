import { expect, it } from "vitest";
import { answered, runCli, scripted } from "./run-cli.ts";

const SUMMARY = {
  from: "2026-03-07T12:00:00.000Z",
  to: "2026-03-08T12:00:00.000Z",
  expected: 1_440,
  fired: 1_436,
  skipped: { overlap: 2, paused: 1 },
  skippedTotal: 3,
  pending: 0,
  unexplained: 1,
  unexplainedSlots: ["2026-03-08T07:30:00.000Z"],
  attempts: 1_440,
  outcomes: { succeeded: 1_430, failed: 6 },
  lateness: { p50Ms: 3.2, p99Ms: 12, maxMs: 1_500 },
};

it("ledger accounts for every slot in one sentence", async () => {
  const server = scripted({ "GET /v1/namespaces/default/jobs/report/ledger": answered(SUMMARY) });

  const { stdout } = await runCli(["ledger", "report", "--from", "-1d", "--to", "now"], server);

  expect(stdout).toBe(
    [
      "2026-03-07 12:00:00Z to 2026-03-08 12:00:00Z",
      "Expected 1,440, fired 1,436, skipped 3 (2 overlap, 1 paused), pending 0, unexplained 1",
      "Outcomes: 1,430 succeeded, 6 failed; 1,440 attempts",
      "Due to start: p50 3ms, p99 12ms, max 1.5s",
      "Unexplained: 2026-03-08 07:30:00Z",
      "",
    ].join("\n"),
  );
  expect(server.sent[0]?.url).toContain("?from=2026-03-07T12%3A00%3A00.000Z&to=2026-03-08T12%3A00%3A00.000Z");
});

it("ledger --rows lists runs and gaps", async () => {
  const items = [
    { run: { id: "default.report@2", slotAt: "2026-03-08T07:31:00.000Z", status: "succeeded" } },
    {
      gap: {
        from: "2026-03-08T07:00:00.000Z",
        to: "2026-03-08T07:30:00.000Z",
        reason: "paused",
        version: 2,
        detail: "by ana",
      },
    },
    { gap: { from: "2026-03-08T06:00:00.000Z", to: "2026-03-08T06:00:00.000Z", reason: "calendar", version: 2 } },
  ];
  const server = scripted({ "GET /v1/namespaces/default/jobs/report/ledger": answered({ items }) });

  const { stdout } = await runCli(["ledger", "report", "--rows"], server);

  expect(stdout.split("\n").map((line) => line.replace(/ {2,}/g, " | "))).toEqual([
    "SLOT | STATUS | REASON | RUN",
    "2026-03-08 07:31:00Z | succeeded | - | default.report@2",
    "2026-03-08 07:00:00Z to 2026-03-08 07:30:00Z | skipped | paused: by ana | -",
    "2026-03-08 06:00:00Z | skipped | calendar | -",
    "",
  ]);
});

it("why tells that nothing holds a job back", async () => {
  const server = scripted({ "GET /v1/namespaces/default/jobs/report/why": answered({ constraints: [] }) });

  expect((await runCli(["why", "report"], server)).stdout).toBe("Nothing holds it back\n");
});
