import { describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { WorkflowHost } from "../../support/workflow-host.ts";
import { openLocalServer } from "./local-server.ts";
import { answered, type Outcome, refused, runCli, scripted } from "./run-cli.ts";

const ID = "default.etl@20260308T115900.000Z";
const PATH = `/v1/runs/${encodeURIComponent(ID)}`;
const at = (seconds: number) => new Date(Date.parse("2026-03-08T11:59:00Z") + seconds * 1_000).toISOString();

const RUN = {
  id: ID,
  namespace: "default",
  job: "etl",
  version: 3,
  status: "running",
  cause: "slot",
  slotAt: at(0),
  dueAt: at(0),
  createdAt: at(0),
  startedAt: at(0),
  pool: "engine",
  priority: "normal",
  attempt: 1,
  attempts: [],
};

interface RunPart {
  readonly startedAt?: string | undefined;
  readonly attempts?: readonly { readonly startedAt: string }[];
}

function step(name: string, more: object = {}, run?: RunPart & Record<string, unknown>) {
  const startedAt = run && (run.attempts?.[0]?.startedAt ?? run.startedAt);
  return {
    name,
    phase: "main",
    kind: "executor",
    map: false,
    needs: [],
    rule: "allSucceeded",
    allowFailure: false,
    status: "notStarted",
    waitsFor: [],
    ...more,
    ...(startedAt !== undefined && { startedAt }),
    ...(run !== undefined && { run: { ...RUN, id: `${ID}.${name}`, ...run } }),
  };
}

const attempt = (from: number, to: number, outcome: string) => ({
  attempt: 1,
  worker: "w-1",
  startedAt: at(from),
  endedAt: at(to),
  outcome,
});

const STEPS = {
  run: { ...RUN, paused: { at: at(30), by: "ana", note: "disk full" } },
  steps: [
    step(
      "extract",
      { status: "succeeded" },
      { status: "succeeded", endedAt: at(12.5), attempts: [attempt(0, 12.5, "succeeded")] },
    ),
    step("ask", { status: "running", kind: "approval" }, { startedAt: at(13), wakeAt: at(3_600) }),
    step(
      "each",
      { status: "running", map: true },
      { startedAt: at(13), items: { total: 9, open: 2, succeeded: 3, failed: 1 } },
    ),
    step(
      "sub",
      { status: "running", kind: "workflow" },
      { startedAt: at(13), child: "default.load@20260308T115900.000Z-a1" },
    ),
    step(
      "retry",
      { status: "retrying" },
      { status: "retrying", retryAt: at(90), attempts: [attempt(13, 14, "failed")], startedAt: undefined },
    ),
    step(
      "kept",
      { status: "succeeded" },
      { status: "succeeded", origin: { redriveOf: "default.etl@20260307T115900.000Z.kept" }, startedAt: undefined },
    ),
    step(
      "byhand",
      { status: "skipped" },
      {
        status: "skipped",
        reason: "marked",
        mark: { at: at(9), by: "ben", note: "known" },
        attempt: 0,
        startedAt: undefined,
        endedAt: at(9),
      },
    ),
    step("load", { waitsFor: ["a", "b", "c", "d", "e", "f"] }),
    step("held"),
    step("alarm", { phase: "onError", waitsFor: ["ask"] }),
  ],
  criticalPath: [
    { step: "extract", from: at(0), to: at(12.5), waitedMs: 0 },
    { step: "load", from: at(13), to: at(14), waitedMs: 500 },
  ],
  gantt: "         2026-03-08T11:59:00.000Z  +1m\nextract  ███  12s500ms  succeeded",
};

/** A rest that lets what else there is to do be done. */
const yieldTurn = () => new Promise<void>((resolve) => void setTimeout(resolve, 1));

async function status(steps: object = STEPS, argv: readonly string[] = []): Promise<Outcome> {
  return runCli(["workflows", "status", ID, ...argv], scripted({ [`GET ${PATH}/steps`]: answered(steps) }));
}

describe("workflows status", () => {
  it("tells of each step how it stands, and what it waits for or why it has ended", async () => {
    const { stdout } = await status();

    const [, ...rows] = (stdout.split("\n\n")[1] ?? "").split("\n").map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ["extract", "succeeded", "1", "2026-03-08 11:59:00Z", "12.5s", "-"],
      ["ask", "running", "1", "2026-03-08 11:59:13Z", "47.0s", "waits for an approval until 2026-03-08 12:59:00Z"],
      ["each", "running", "1", "2026-03-08 11:59:13Z", "47.0s", "3 of 9 succeeded, 1 failed, 2 open"],
      ["sub", "running", "1", "2026-03-08 11:59:13Z", "47.0s", "waits for run default.load@20260308T115900.000Z-a1"],
      ["retry", "retrying", "1", "2026-03-08 11:59:13Z", "47.0s", "again at 2026-03-08 12:00:30Z"],
      ["kept", "succeeded", "1", "-", "-", "stands from default.etl@20260307T115900.000Z.kept"],
      ["byhand", "skipped", "0", "-", "-", "marked by ben: known"],
      ["load", "notStarted", "-", "-", "-", "waits for a, b, c, d, e and 1 more"],
      ["held", "notStarted", "-", "-", "-", "the workflow is paused"],
      ["alarm (onError)", "notStarted", "-", "-", "-", "waits for ask"],
    ]);
  });

  it("shows the run before, and the critical path and the drawing after", async () => {
    const parts = (await status()).stdout.split("\n\n");

    expect(parts[0]).toContain("paused:   2026-03-08 11:59:30Z by ana: disk full");
    expect(parts[0]).toContain("lasted:   1m00s");
    expect(parts[2]).toBe("Critical path: extract (12.5s) → load (waited 500ms, 1.0s)");
    expect(parts[3]).toBe(`${STEPS.gantt}\n`);
  });

  it("shows what steps have given, chosen and decided, in lines of at most 100 columns", async () => {
    const ended = { status: "succeeded", endedAt: at(20) };
    const long = Array.from({ length: 50 }, (_, index) => `file-${index}.csv`);
    const error = { name: "REJECTED", message: "rejected by ben: not now" };
    const steps = [
      step("extract", ended, { ...ended, result: { rows: 120 } }),
      step("check", { ...ended, kind: "switch" }, { ...ended, result: ["load", "ask"] }),
      step("none", { ...ended, kind: "switch" }, { ...ended, result: [] }),
      step(
        "ask",
        { ...ended, kind: "approval" },
        { ...ended, result: { approved: true, by: "ana", note: "looks\ngood" } },
      ),
      step("again", { ...ended, kind: "approval" }, { ...ended, result: { approved: true, by: "ben" } }),
      step("no", { kind: "approval" }, { ...ended, status: "failed", error, result: { approved: false, by: "ben" } }),
      step("load", { ...ended, map: true }, { ...ended, result: long }),
      step("big", { ...ended, omitted: { result: 48_200, parameters: 2_000 } }, ended),
      step("nothing", ended, ended),
      step("tidy", { ...ended, phase: "finally" }, { ...ended, result: null }),
      step("later"),
    ];

    const { stdout } = await status({ ...STEPS, run: { ...STEPS.run, ...ended, result: { files: long } }, steps });

    const [head = "", table = "", results = ""] = stdout.split("\n\n");
    expect(results.split("\n")).toEqual([
      "STEP            RESULT",
      'extract         {"rows":120}',
      "check           chose load, ask",
      "none            chose none",
      "ask             approved by ana: looks good",
      "again           approved by ben",
      `load            ${JSON.stringify(long).slice(0, 83)}…`,
      "big             48 KB (runs get shows it)",
      "tidy (finally)  null",
    ]);
    expect(table).toContain("REJECTED: rejected by ben: not now");
    expect(head).toMatch(/^result: +\{"files":\["file-0.csv".*…$/m);
    expect([...head.split("\n"), ...results.split("\n")].filter((line) => line.length > 100)).toEqual([]);
  });

  it("shows what there is of a run that has not begun", async () => {
    const { startedAt: _, ...queued } = RUN;
    const { stdout } = await status({ ...STEPS, run: { ...queued, status: "queued" }, criticalPath: [], gantt: "" });

    expect(stdout.split("\n\n")).toHaveLength(2);
  });

  it("is one JSON document with --json", async () => {
    expect(JSON.parse((await status(STEPS, ["--json"])).stdout)).toEqual(JSON.parse(JSON.stringify(STEPS)));
  });

  it("of a run that is no workflow's ends with 5", async () => {
    const server = scripted({ [`GET ${PATH}/steps`]: refused("not-a-workflow", "Cannot show the steps of it") });

    expect(await runCli(["workflows", "status", ID], server)).toMatchObject({ exitCode: 5 });
  });
});

describe("workflows", () => {
  it("list and graph show workflows", async () => {
    const { cli } = await openLocalServer();
    const executor = {
      type: "workflow",
      steps: {
        a: { executor: { type: "command", argv: ["true"] } },
        b: { needs: ["a"], executor: { type: "command", argv: ["true"] } },
      },
    };
    const jobs = [
      { name: "etl", executor },
      { name: "report", executor: { type: "command", argv: ["true"] } },
    ];
    for (const job of jobs) await cli(["apply", "-f", "-"], { stdin: JSON.stringify(job) });

    const graph = async (...flags: readonly string[]) => (await cli(["workflows", "graph", "etl", ...flags])).stdout;

    expect((await cli(["workflows", "list", "-q"])).stdout).toBe("etl\n");
    expect(await graph()).toBe("main\n└─ a → b\n");
    expect(await graph("--mermaid")).toMatch(/^flowchart LR\n[^]* {2}end\n$/);
    expect(JSON.parse(await graph("--json", "--version", "1"))).toMatchObject({ job: "etl", version: 1 });
    expect(await cli(["workflows", "graph", "report"])).toMatchObject({ exitCode: 5, stdout: "" });
  });

  it.each([
    [["pause", ID, "--note", "disk full"], `${PATH}/pause`, { note: "disk full" }, `Paused ${ID}\n`],
    [["resume", ID], `${PATH}/resume`, {}, `Resumed ${ID}\n`],
    [["stop", ID, "--grace", "1m"], `${PATH}/cancel`, { graceMs: 60_000 }, `Stopping ${ID}\n`],
    [["redrive", ID], `${PATH}/redrive`, {}, `Started ${ID}\n`],
    [
      [
        "redrive",
        ID,
        "--latest",
        "--from",
        "a",
        "--from",
        "b",
        "--mark",
        "c=succeeded",
        "--mark",
        "d=skipped",
        "--note",
        "n",
      ],
      `${PATH}/redrive`,
      { definition: "latest", from: ["a", "b"], marks: { c: "succeeded", d: "skipped" }, note: "n" },
      `Started ${ID}\n`,
    ],
    [["mark", ID, "load", "skipped"], `${PATH}.load/mark`, { as: "skipped" }, `Marked ${ID} as skipped\n`],
    [["approve", ID, "ask", "--note", "fine"], `${PATH}.ask/approve`, { note: "fine" }, `Approved ${ID}\n`],
    [["reject", ID, "ask"], `${PATH}.ask/reject`, {}, `Rejected ${ID}\n`],
  ])("%j", async (argv, path, body, said) => {
    const server = scripted({ [`POST ${path}`]: answered(RUN) });

    const { exitCode, stdout } = await runCli(["workflows", ...argv], server);

    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: said });
    expect(JSON.parse(server.sent[0]?.body ?? "")).toEqual(body);
  });

  it.each([
    [["mark", ID, "a", "failed"], "Allowed choices are succeeded, skipped."],
    [["redrive", ID, "--mark", "a"], "It must be step=succeeded or step=skipped."],
    [["redrive", ID, "--mark", "a=skipped", "--mark", "a=succeeded"], 'Step "a" is given twice.'],
    [["approve", ID], "missing required argument 'step'"],
    [["redrive", ID, "--latest", "--latest"], "option '--latest' is given twice"],
  ])("%j is bad usage", async (argv, message) => {
    const { exitCode, stderr } = await runCli(["workflows", ...argv]);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("runs get", () => {
  it("shows of which workflow a run is a part, and what it waits for", async () => {
    const run = {
      ...STEPS.run,
      workflow: { run: ID, step: "each", item: 3 },
      child: "default.load@20260308T115900.000Z-a1",
      items: { total: 9, open: 0, succeeded: 9, failed: 0 },
      wakeAt: at(60),
      mark: { at: at(1), by: "ben" },
      origin: { redriveOf: "default.etl@20260307T115900.000Z", step: "default.all@20260308T115900.000Z.etl" },
    };

    const { stdout } = await runCli(["runs", "get", ID], scripted({ [`GET ${PATH}`]: answered(run) }));

    expect(stdout.split("\n").map((line) => line.split(/: +/).join(": "))).toEqual(
      expect.arrayContaining([
        `workflow: ${ID}, step each, item 3`,
        "child: default.load@20260308T115900.000Z-a1",
        "items: 9 of 9 succeeded",
        "wakes at: 2026-03-08 12:00:00Z",
        "paused: 2026-03-08 11:59:30Z by ana: disk full",
        "marked: 2026-03-08 11:59:01Z by ben",
        "step of: default.all@20260308T115900.000Z.etl",
        "redrive of: default.etl@20260307T115900.000Z",
      ]),
    );
  });
});

describe("jobs trigger --wait", () => {
  it.each([
    ["succeeded", 0],
    ["failed", 1],
  ] as const)("waits for the end of a workflow that has %s", async (ending, code) => {
    const { core, cli } = await openLocalServer();
    const host = new WorkflowHost(core);
    const error = { name: "EXIT", message: "it ended with 1" };
    const result = ending === "succeeded" ? { kind: ending } : { kind: ending, error };
    host.behave = () => ({ takesMs: 0, result });
    const executor = { type: "workflow", steps: { a: { executor: { type: "command", argv: ["true"] } } } };
    await cli(["apply", "-f", "-"], { stdin: JSON.stringify({ name: "etl", executor }) });
    let ended: Outcome | undefined;
    void cli(["jobs", "trigger", "etl", "--wait"], { sleep: yieldTurn }).then((outcome) => (ended = outcome));

    const { stderr, ...outcome } = await eventually(async () => {
      await host.step();
      return ended;
    });

    expect(outcome).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^Waiting for .*\\n(?:a queued\\n)?(?:a running\\n)?a ${ending} after .*\\ndefault\\.etl@\\S+ ${ending} after `,
      ),
    );
  });

  /** A server at which the run goes from one state to the next at each look. */
  function going(...states: readonly { readonly steps: readonly object[]; readonly run?: object }[]) {
    let looks = 0;
    return scripted({
      "POST /v1/namespaces/default/jobs/etl/runs": answered({ ...RUN, status: "queued" }, 201),
      [`GET ${PATH}/steps`]: () => answered({ ...STEPS, run: RUN, ...states[Math.min(looks++, states.length - 1)] }),
    });
  }

  const done = { ...RUN, status: "succeeded", endedAt: at(60), result: { rows: 3 } };
  const waiting = [step("a", { status: "queued" }, { status: "queued", attempt: 0, startedAt: undefined }), step("b")];
  const ended = { status: "succeeded", endedAt: at(8) };

  it("tells each change of a step of a workflow once, with one request a look", async () => {
    const error = { name: "EXIT", message: "it ended\nwith 1" };
    const attempts = [attempt(2, 4, "failed")];
    const states = [
      waiting,
      waiting,
      [step("a", { status: "running" }, { items: { total: 9, open: 2, succeeded: 0, failed: 0 } }), step("b")],
      [step("a", { status: "running" }, { items: { total: 9, open: 2, succeeded: 3, failed: 0 } }), step("b")],
      [step("a", { status: "retrying" }, { status: "retrying", retryAt: at(90), attempts }), step("b")],
      [step("a", { status: "running" }, { attempt: 2, attempts }), step("b", { phase: "finally" })],
      [
        step("a", { status: "failed" }, { status: "failed", attempt: 2, attempts, error, endedAt: at(6) }),
        step(
          "b",
          { phase: "finally", ...ended, kind: "approval" },
          { ...ended, startedAt: at(0), result: { approved: true, by: "ana" } },
        ),
      ],
    ];
    const rests: number[] = [];
    const server = going(...states.slice(0, -1).map((steps) => ({ steps })), { steps: states.at(-1) ?? [], run: done });
    const sleep = async (ms: number) => void rests.push(ms);

    const { exitCode, stdout, stderr } = await runCli(["jobs", "trigger", "etl", "--wait"], { ...server, sleep });

    expect([exitCode, stdout]).toEqual([0, ""]);
    expect(stderr.split("\n")).toEqual([
      `Waiting for ${ID}`,
      "a queued",
      "a running: 0 of 9 succeeded, 2 open",
      "a retrying: again at 2026-03-08 12:00:30Z",
      "a running, attempt 2",
      "a failed after 4.0s: EXIT: it ended with 1",
      "b (finally) succeeded after 8.0s: approved by ana",
      `${ID} succeeded after 1m00s`,
      "",
    ]);
    expect(server.sent.map(({ method }) => method)).toEqual(["POST", ...states.map(() => "GET")]);
    expect(rests).toEqual([500, 1_000, 1_500, 2_000, 2_500, 3_000]);
  });

  it("is one JSON document with --json, and silent with --quiet", async () => {
    const states = [{ steps: waiting }, { steps: [], run: done }];

    const json = await runCli(["jobs", "trigger", "etl", "--wait", "--json"], going(...states));
    const quiet = await runCli(["jobs", "trigger", "etl", "--wait", "-q"], going(...states));

    expect([JSON.parse(json.stdout), json.stderr]).toEqual([done, ""]);
    expect(quiet).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});
