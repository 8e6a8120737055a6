import { describe, expect, it } from "vitest";
import { openLocalServer } from "./local-server.ts";
import { answered, type Script, refused, runCli, scripted } from "./run-cli.ts";

const ID = "default.report@20260308T073000.000Z";
const RUN = {
  id: ID,
  namespace: "default",
  job: "report",
  version: 3,
  status: "failed",
  cause: "slot",
  slotAt: "2026-03-08T07:30:00.000Z",
  dueAt: "2026-03-08T07:30:00.000Z",
  createdAt: "2026-03-08T07:30:00.000Z",
  startedAt: "2026-03-08T07:30:00.004Z",
  endedAt: "2026-03-08T07:30:12.504Z",
  pool: "default",
  priority: "normal",
  attempt: 1,
  attempts: [
    {
      attempt: 1,
      worker: "w-1",
      startedAt: "2026-03-08T07:30:00.004Z",
      endedAt: "2026-03-08T07:30:12.504Z",
      outcome: "failed",
      exitCode: 3,
      error: { name: "EXIT", message: "the command ended with 3" },
    },
  ],
  error: { name: "EXIT", message: "the command ended with 3" },
};
const AT = "2026-03-08T07:30:01.000Z";

function logOf(...entries: readonly { source: string; text: string }[]): Response {
  return answered({
    attempt: 1,
    entries: entries.map((entry) => ({ at: AT, ...entry })),
    nextCursor: "c",
    closed: true,
  });
}

function stream(...events: readonly [event: string, data: object][]): Response {
  const text = events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

const path = `/v1/runs/${encodeURIComponent(ID)}`;

function log(): Script {
  return scripted({
    [`GET ${path}/logs`]: logOf(
      { source: "stdout", text: "one" },
      { source: "stderr", text: "\u001b[2J\u001b]0;owned\u0007two\r2026 forged" },
      { source: "system", text: "the rest was cut" },
    ),
  });
}

function followed(): Script {
  return scripted({
    [`GET ${path}/logs`]: stream(
      ["attempt", { attempt: 1 }],
      ["entry", { attempt: 1, at: AT, source: "stdout", text: "one" }],
      ["attempt", { attempt: 2 }],
      ["entry", { attempt: 2, at: AT, source: "stdout", text: "two" }],
      ["end", { status: "succeeded" }],
    ),
  });
}

function endingAs(run: object): Script {
  return scripted({
    "POST /v1/namespaces/default/jobs/report/runs": answered({ ...RUN, status: "queued" }, 201),
    [`GET ${path}/logs`]: () =>
      stream(["entry", { attempt: 1, at: AT, source: "stdout", text: "working" }], ["end", { status: "failed" }]),
    [`GET ${path}`]: answered(run),
  });
}

describe("runs", () => {
  it("list, get, cancel and why tell of a run that waits", async () => {
    const { cli } = await openLocalServer();
    const stdin = JSON.stringify({ name: "report", executor: { type: "command", argv: ["date"] } });
    await cli(["apply", "-f", "-"], { stdin });
    const id = (await cli(["jobs", "trigger", "report", "-q"])).stdout.trim();

    const listed = await cli(["runs", "list", "report"]);
    const shown = await cli(["runs", "get", id, "--json"]);
    const why = await cli(["why", id]);
    const cancelled = await cli(["runs", "cancel", id, "--note", "not today"]);
    const again = await cli(["runs", "cancel", id]);
    const afterwards = await cli(["why", id]);

    expect(listed.stdout).toMatch(
      /^RUN +STATUS +CAUSE +DUE +LASTED +ATTEMPT\ndefault\.report@\S+ +queued +manual +\S+ \S+Z +- +0\n$/,
    );
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, status: "queued" });
    expect(why.stdout).toContain('noWorker: Pool "default" has no worker\n');
    expect(cancelled).toMatchObject({ exitCode: 0, stdout: `Cancelled ${id}\n` });
    expect(again).toMatchObject({ exitCode: 5, stdout: "" });
    expect(again.stderr).toMatch(/^error\[run-already-final\]/);
    expect(afterwards.stdout).toContain("not today");
  });

  it("get shows a run with its attempts, in the zone of the reader", async () => {
    const server = scripted({ [`GET ${path}`]: answered(RUN) });

    const berlin = await runCli(["runs", "get", ID], { ...server, timeZone: "Europe/Berlin" });
    const utc = await runCli(["runs", "get", ID, "--utc"], { ...server, timeZone: "Europe/Berlin" });

    expect(berlin.stdout).toContain("due:       2026-03-08 08:30:00 +01:00\n");
    expect(berlin.stdout).toContain("lasted:    12.5s\n");
    expect(berlin.stdout).toContain("error:     EXIT: the command ended with 3\n");
    expect(berlin.stdout).toMatch(
      /\n\nATTEMPT .*\n +1 +failed +2026-03-08 08:30:00\.004 \+01:00 +12\.5s +3 +w-1 +EXIT: /,
    );
    expect(utc.stdout).toContain("due:       2026-03-08 07:30:00Z\n");
  });

  it("retry names the new run", async () => {
    const server = scripted({ [`POST ${path}/rerun`]: answered({ ...RUN, id: `${ID}-2` }, 201) });

    expect(await runCli(["runs", "retry", ID], server)).toMatchObject({ exitCode: 0, stdout: `Started ${ID}-2\n` });
  });

  it("cancel says when a worker was asked to stop the run", async () => {
    const server = scripted({ [`POST ${path}/cancel`]: answered({ ...RUN, status: "running", worker: "w-1" }, 202) });

    const { stdout } = await runCli(["runs", "cancel", ID, "--grace", "1m30s"], server);

    expect(stdout).toBe(`Asked its worker to stop ${ID}\n`);
    expect(server.sent[0]?.body).toBe('{"graceMs":90000}');
  });

  it("an unknown run ends with 4", async () => {
    const server = scripted({ [`GET ${path}`]: refused("run-not-found", `Cannot find run "${ID}"`) });

    expect(await runCli(["runs", "get", ID], server)).toMatchObject({ exitCode: 4 });
  });
});

describe("runs logs", () => {
  it("prints lines as they were written, free of control characters, Carillon's own marked", async () => {
    expect((await runCli(["runs", "logs", ID], log())).stdout).toBe(
      "one\ntwo2026 forged\ncarillon: the rest was cut\n",
    );
  });

  it("adds instant and source with --timestamps", async () => {
    const { stdout } = await runCli(["runs", "logs", ID, "-t"], log());

    expect(stdout.split("\n")[1]).toBe("2026-03-08 07:30:01Z stderr two2026 forged");
  });

  it("is one JSON document with --json", async () => {
    const { stdout } = await runCli(["runs", "logs", ID, "--json"], log());

    expect(JSON.parse(stdout)).toMatchObject({
      entries: [{ text: "one" }, { source: "stderr" }, { source: "system" }],
    });
    expect(stdout).not.toContain("\u001b");
  });

  it("-f goes on over all attempts until the end", async () => {
    const { exitCode, stdout, stderr } = await runCli(["runs", "logs", ID, "-f"], followed());

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "one\ntwo\n" });
    expect(stderr).toBe(`Attempt 2\n${ID} succeeded\n`);
  });

  it("-f --json prints one event a line", async () => {
    const { stdout } = await runCli(["runs", "logs", ID, "-f", "--json"], followed());

    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(events).toMatchObject([
      { event: "attempt", attempt: 1 },
      { event: "entry", text: "one" },
      { event: "attempt", attempt: 2 },
      { event: "entry", text: "two" },
      { event: "end", status: "succeeded" },
    ]);
  });
});

describe("jobs trigger --wait", () => {
  it("shows the log and ends with 0 when the run has succeeded", async () => {
    const { error: _, ...run } = RUN;
    const { exitCode, stdout, stderr } = await runCli(
      ["jobs", "trigger", "report", "--wait"],
      endingAs({ ...run, status: "succeeded" }),
    );

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "working\n" });
    expect(stderr).toBe(`Waiting for ${ID}\n${ID} succeeded after 12.5s\n`);
  });

  it.each(["failed", "timedOut", "cancelled", "expired", "skipped"])("ends with 1 when it has %s", async (status) => {
    const { exitCode, stderr } = await runCli(["jobs", "trigger", "report", "--wait"], endingAs({ ...RUN, status }));

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${ID} ${status} after 12.5s: EXIT: the command ended with 3\n`);
  });

  it("prints the ended run alone with --json", async () => {
    const { exitCode, stdout, stderr } = await runCli(["jobs", "trigger", "report", "--wait", "--json"], endingAs(RUN));

    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(JSON.parse(stdout)).toEqual(RUN);
  });
});
