import { printable } from "../../../client/cli/printable.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type LocalServer, openLocalServer } from "./local-server.ts";
import { answered, runCli, scripted } from "./run-cli.ts";

const REPORT = {
  name: "report",
  labels: { team: "data" },
  schedule: { cron: "0 2 * * *" },
  executor: { type: "command", argv: ["date"] },
};

describe("jobs", () => {
  let server: LocalServer;

  async function apply(...definitions: readonly object[]): Promise<void> {
    for (const definition of definitions) {
      const outcome = await server.cli(["apply", "-f", "-"], { stdin: JSON.stringify(definition) });
      expect(outcome).toMatchObject({ exitCode: 0 });
    }
  }

  beforeEach(async () => {
    server = await openLocalServer();
  });

  it("list shows state and schedule, only names with --quiet, and can be narrowed", async () => {
    await apply(REPORT, { ...REPORT, name: "other", labels: {}, schedule: { every: "15m" } });
    await server.cli(["jobs", "pause", "other"]);

    const all = await server.cli(["jobs", "list"]);
    const labelled = await server.cli(["jobs", "list", "--label", "team=data", "-q"]);
    const paused = await server.cli(["jobs", "list", "--state", "paused", "-q"]);

    expect(all.stdout).toMatch(/^JOB +STATE +VERSION +SCHEDULE +NEXT SLOT\n/);
    expect(all.stdout).toMatch(/\nother +paused +2 +every 15m +-\n/);
    expect(all.stdout).toMatch(/\nreport +active +1 +0 2 \* \* \* +\d{4}-\d\d-\d\d 02:00:00Z\n/);
    expect([labelled.stdout, paused.stdout]).toEqual(["report\n", "other\n"]);
  });

  it("get shows a job, also as it was at an earlier version", async () => {
    await apply(REPORT, { ...REPORT, schedule: { cron: "0 3 * * *" } });

    const now = await server.cli(["jobs", "get", "report", "--json"]);
    const before = await server.cli(["jobs", "get", "report", "--version", "1"]);

    expect(JSON.parse(now.stdout)).toMatchObject({ version: 2, definition: { schedule: { cron: "0 3 * * *" } } });
    expect(before.stdout).toMatch(/^job: +report\nnamespace: +default\nstate: +active\nversion: +1\n/);
    expect(before.stdout).toContain("\nschedule:\n  cron: 0 2 * * *\n");
  });

  it("get of an unknown job ends with 4", async () => {
    expect(await server.cli(["jobs", "get", "nothing"])).toMatchObject({ exitCode: 4, stdout: "" });
  });

  it("versions shows who changed what and why", async () => {
    await apply(REPORT);
    await server.cli(["jobs", "pause", "report", "--note", "moving house"]);

    const { stdout } = await server.cli(["jobs", "versions", "report"]);

    expect(stdout).toMatch(/\n +2 +paused +.* +first-admin +moving house\n +1 +active/);
  });

  it("export prints what apply takes without change, whatever texts hold", async () => {
    const script = `printf '%s' "a: b # c" | tr x y \u001b[31m \u202e ${"long ".repeat(50)}\nsecond line`;
    await apply(REPORT, { ...REPORT, name: "odd", executor: { type: "command", shell: true, script } });

    const exported = await server.cli(["jobs", "export"]);
    const applied = await server.cli(["apply", "-f", "-", "--json"], { stdin: exported.stdout });
    const one = await server.cli(["jobs", "export", "report", "--json"]);

    expect(printable(exported.stdout)).toBe(exported.stdout);
    expect(JSON.parse(applied.stdout)).toMatchObject({
      jobs: [
        { name: "odd", action: "unchanged" },
        { name: "report", action: "unchanged" },
      ],
    });
    expect(JSON.parse(one.stdout)).toEqual([REPORT]);
  });

  it("pause and resume say when there was nothing to do", async () => {
    await apply(REPORT);
    const said: string[] = [];
    for (const argv of [["pause"], ["pause"], ["resume", "--missed", "last"], ["resume", "--missed", "now"]]) {
      const [verb = "", ...options] = argv;
      said.push((await server.cli(["jobs", verb, "report", ...options])).stdout);
    }

    expect(said).toEqual([
      "Paused job report\n",
      "Job report was paused already\n",
      expect.stringMatching(/^Resumed job report, next slot .* 02:00:00Z\n$/),
      "Job report was not paused\n",
    ]);
  });

  it("delete removes the job and keeps quiet when asked to", async () => {
    await apply(REPORT);

    expect(await server.cli(["jobs", "delete", "report", "-q"])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(await server.cli(["jobs", "get", "report"])).toMatchObject({ exitCode: 4 });
  });

  it("trigger hands over parameters, priority and instant, once for one idempotency key", async () => {
    await apply(REPORT);
    const argv = ["jobs", "trigger", "report", "--params", '{"shop":"berlin","limit":1}', "--param", "limit=5"];
    const options = ["--priority", "high", "--at", "2099-01-01T00:00:00Z", "--idempotency-key", "k-1", "--json"];

    const first = await server.cli([...argv, ...options]);
    const second = await server.cli([...argv, ...options]);

    const run: unknown = JSON.parse(first.stdout);
    expect(run).toMatchObject({
      cause: "manual",
      priority: "high",
      dueAt: "2099-01-01T00:00:00.000Z",
      parameters: { shop: "berlin", limit: 5 },
    });
    expect(JSON.parse(second.stdout)).toEqual(run);
  });

  it("trigger prints the run's id, alone with --quiet", async () => {
    await apply(REPORT);

    const loud = await server.cli(["jobs", "trigger", "report"]);
    const quiet = await server.cli(["jobs", "trigger", "report", "-q"]);

    expect(loud.stdout).toMatch(/^Triggered default\.report@\S+, due .*Z\n$/);
    expect(quiet.stdout).toMatch(/^default\.report@\S+\n$/);
  });

  it("trigger of a paused job ends with 5", async () => {
    await apply(REPORT);
    await server.cli(["jobs", "pause", "report"]);

    expect(await server.cli(["jobs", "trigger", "report"])).toMatchObject({ exitCode: 5, stdout: "" });
  });

  it("backfill shows what it would run, and starts", async () => {
    await apply(REPORT);
    const range = ["--from", "2026-03-01T00:00:00Z", "--to", "2026-03-04T00:00:00Z"];

    const dry = await server.cli(["jobs", "backfill", "report", ...range, "--dry-run"]);
    const real = await server.cli(["jobs", "backfill", "report", ...range, "--order", "newestFirst", "--json"]);

    expect(dry.stdout).toBe(
      [
        "2026-03-01 02:00:00Z",
        "2026-03-02 02:00:00Z",
        "2026-03-03 02:00:00Z",
        "Would run 3 slots and leave 0 that ran before",
        "",
      ].join("\n"),
    );
    expect(JSON.parse(real.stdout)).toMatchObject({ state: "running", order: "newestFirst", total: 3 });
  });

  it("backfills are listed, shown and stopped", async () => {
    await apply(REPORT);
    const range = ["--from", "2026-03-01T00:00:00Z", "--to", "2026-03-04T00:00:00Z"];
    const { stdout: started } = await server.cli(["jobs", "backfill", "report", ...range, "--quiet"]);
    const id = started.trim();

    expect((await server.cli(["backfills", "list", "report"])).stdout).toContain(id);
    expect((await server.cli(["backfills", "get", "report", id])).stdout).toMatch(/state: +running/);
    const { stdout, exitCode } = await server.cli(["backfills", "cancel", "report", id, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ id, state: "cancelled" });
    expect(exitCode).toBe(0);
  });
});

const BACKFILLS = "/v1/namespaces/default/jobs/report/backfills";

function backfill(state: string, submitted: number): Response {
  return answered({ id: "bf1", namespace: "default", job: "report", state, submitted, total: 300 });
}

describe("jobs backfill --wait", () => {
  const argv = ["jobs", "backfill", "report", "--from", "-1d", "--to", "now", "--wait"];

  it("shows how far it has come until it is done", async () => {
    const states = [backfill("running", 100), backfill("running", 100), backfill("done", 300)];
    const server = scripted({
      [`POST ${BACKFILLS}`]: backfill("running", 0),
      [`GET ${BACKFILLS}/bf1`]: () => states.shift() ?? backfill("done", 300),
    });

    const { exitCode, stdout, stderr } = await runCli(argv, server);

    expect(exitCode).toBe(0);
    expect(stderr).toBe("0 of 300 slots submitted\n100 of 300 slots submitted\n");
    expect(stdout).toBe("Backfill bf1 is done: all 300 slots were submitted\n");
    expect(JSON.parse(server.sent[0]?.body ?? "")).toEqual({
      from: "2026-03-07T12:00:00.000Z",
      to: "2026-03-08T12:00:00.000Z",
    });
  });

  it("writes over one line on a terminal and removes it in the end", async () => {
    const server = scripted({
      [`POST ${BACKFILLS}`]: backfill("running", 0),
      [`GET ${BACKFILLS}/bf1`]: backfill("done", 300),
    });

    const { stderr } = await runCli(argv, { ...server, isTty: true });

    expect(stderr).toBe("\r\u001b[2K0 of 300 slots submitted\r\u001b[2K");
  });

  it("ends with 1 when somebody has cancelled it", async () => {
    const server = scripted({
      [`POST ${BACKFILLS}`]: backfill("running", 0),
      [`GET ${BACKFILLS}/bf1`]: backfill("cancelled", 100),
    });

    expect(await runCli(argv, server)).toMatchObject({
      exitCode: 1,
      stdout: "Backfill bf1 was cancelled after 100 of 300 slots\n",
    });
  });
});
