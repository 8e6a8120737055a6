import { describe, expect, it } from "vitest";
import { openLocalServer } from "./local-server.ts";
import { answered, runCli, scripted } from "./run-cli.ts";

const HOLIDAYS = "name: holidays\ndescription: Bank holidays\nexclude: [2026-12-25]\n";

describe("calendars", () => {
  it("are published, changed and shown, and move the jobs that use them", async () => {
    const { cli } = await openLocalServer();
    const created = await cli(["calendars", "apply", "-f", "-"], { stdin: HOLIDAYS });
    const job = {
      name: "report",
      schedule: { cron: "0 2 * * *", calendars: ["holidays"] },
      executor: { type: "command", argv: ["date"] },
    };
    await cli(["apply", "-f", "-"], { stdin: JSON.stringify(job) });

    const same = await cli(["calendars", "apply", "-f", "-"], { stdin: HOLIDAYS });
    const changed = await cli(["calendars", "apply", "-f", "-", "--json"], { stdin: HOLIDAYS.replace("25", "26") });
    const listed = await cli(["calendars", "list"]);
    const shown = await cli(["calendars", "get", "holidays"]);

    expect(created.stdout).toMatch(/\nholidays +created +1 +0\n$/);
    expect(same.stdout).toMatch(/\nholidays +unchanged +1 +0\n$/);
    expect(JSON.parse(changed.stdout)).toEqual({
      calendars: [{ name: "holidays", action: "updated", edition: 2, movedJobs: ["report"] }],
    });
    expect(listed.stdout).toMatch(/\nholidays +2 +.* Bank holidays\n$/);
    expect(shown.stdout).toContain("\nexclude:\n  - 2026-12-26\n");
  });

  it("with a fault are refused with its place", async () => {
    const { exitCode, stderr } = await runCli(["calendars", "apply", "-f", "-"], {
      stdin: HOLIDAYS.replace("exclude", "exlude"),
    });

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error\[unknown-field\]: .*did you mean "exclude".*\n {2}standard input:3:1 \/exlude\n/);
  });
});

describe("tokens", () => {
  it("are created for a scope, work, and no longer work once revoked", async () => {
    const { cli } = await openLocalServer();

    const created = await cli([
      "tokens",
      "create",
      "ci",
      "--role",
      "viewer",
      "--scope",
      "default",
      "--expires-in",
      "90d",
      "--json",
    ]);
    const { token, id } = JSON.parse(created.stdout) as { token: string; id: string };
    const env = { CARILLON_TOKEN: token };
    const asViewer = await cli(["whoami"], { env });
    const denied = await cli(["tokens", "list"], { env });
    const revoked = await cli(["tokens", "revoke", id]);
    const afterwards = await cli(["whoami"], { env });

    expect(asViewer.stdout).toMatch(/^name: +ci\nrole: +viewer\nnamespaces: +default\n/);
    expect(denied).toMatchObject({ exitCode: 3, stdout: "" });
    expect(revoked.stdout).toBe(`Revoked token ${id}\n`);
    expect(afterwards).toMatchObject({ exitCode: 3 });
  });

  it("are printed alone with --quiet, to be taken up by a script", async () => {
    const { cli } = await openLocalServer();

    const { stdout } = await cli(["tokens", "create", "ci", "--role", "editor", "-q"]);

    expect(stdout).toMatch(/^crl_\S+\n$/);
  });
});

describe("workers and dead letters", () => {
  const worker = {
    id: "w-1",
    pool: "default",
    state: "ready",
    slots: 8,
    running: ["r"],
    startedAt: "2026-03-08T07:30:00.000Z",
    host: "db1",
  };

  it("workers of all pools are listed", async () => {
    const server = scripted({
      "GET /v1/pools": answered({ items: [{ name: "default" }, { name: "gpu" }] }),
      "GET /v1/pools/default/workers": answered({ items: [worker] }),
      "GET /v1/pools/gpu/workers": answered({ items: [{ ...worker, id: "w-2", pool: "gpu", host: undefined }] }),
    });

    const { stdout } = await runCli(["workers", "list"], server);

    expect(stdout.split("\n").map((line) => line.replace(/ {2,}/g, " | "))).toEqual([
      "POOL | WORKER | STATE | RUNNING | SLOTS | STARTED | HOST",
      "default | w-1 | ready | 1 | 8 | 2026-03-08 07:30:00Z | db1",
      "gpu | w-2 | ready | 1 | 8 | 2026-03-08 07:30:00Z | -",
      "",
    ]);
  });

  it("a worker is drained", async () => {
    const server = scripted({ "POST /v1/workers/default/w-1/drain": answered(worker, 202) });

    const { stdout } = await runCli(["workers", "drain", "default", "w-1"], server);

    expect(stdout).toBe("Worker w-1 of pool default will end its runs and take no more\n");
  });

  it("dead letters are listed and put back, of one queue or of all", async () => {
    const { cli } = await openLocalServer();
    const server = scripted({
      "GET /v1/pools/default/queues/high/dead-letters": answered({
        items: [{ namespace: "default", runId: "default.report@1", receives: 6 }],
      }),
      "POST /v1/pools/default/queues/high/dead-letters/redrive": answered({ redriven: 1 }),
    });

    const listed = await runCli(["deadletters", "list", "default", "--priority", "high"], server);
    const redriven = await runCli(["deadletters", "redrive", "default", "--priority", "high"], server);
    const none = await cli(["deadletters", "redrive", "default", "--json"]);

    expect(listed.stdout).toMatch(/\nhigh +default +default\.report@1 +6\n$/);
    expect(redriven.stdout).toBe("Put 1 dead letters back into their queues\n");
    expect(JSON.parse(none.stdout)).toEqual({ redriven: 0 });
  });
});
