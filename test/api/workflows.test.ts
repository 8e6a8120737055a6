import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../api/contract/audit.ts";
import type { JobPage } from "../../api/contract/job.ts";
import { type Run, type RunPage, runSchema } from "../../api/contract/run.ts";
import { type WorkflowGraph, type WorkflowSteps, workflowStepsSchema } from "../../api/contract/workflow.ts";
import type { Json } from "../../core/json.ts";
import { failing, WorkflowHost } from "../support/workflow-host.ts";
import { aWorkflow, type Steps } from "../support/workflows.ts";
import { type Answer, ApiRig, faultsOf, slugOf } from "./api-rig.ts";

const WORKFLOWS = "/v1/namespaces/default/workflows";

interface Stage {
  readonly rig: ApiRig;
  readonly host: WorkflowHost;
  readonly run: Run;
}

async function defined(steps: Steps, more: Parameters<typeof aWorkflow>[1] = {}, name = "etl"): Promise<ApiRig> {
  const rig = await ApiRig.open();
  await rig.define({ name, schedule: undefined, executor: aWorkflow(steps, more) });
  return rig;
}

async function triggered(rig: ApiRig, name = "etl"): Promise<Run> {
  return (await rig.send<Run>("POST", `/v1/namespaces/default/jobs/${name}/runs`)).body;
}

/** A run of a workflow, after so much time. */
async function started(steps: Steps, { afterMs = 0, behave = failing(), more = {} } = {}): Promise<Stage> {
  const rig = await defined(steps, more);
  const host = new WorkflowHost(rig.core);
  host.behave = behave;
  const run = await triggered(rig);
  await host.advance(rig.clock, afterMs);
  return { rig, host, run };
}

const stepsOf = (rig: ApiRig, { id }: Pick<Run, "id">) => rig.send<WorkflowSteps>("GET", `/v1/runs/${id}/steps`);
const itemsOf = (rig: ApiRig, step: string, query = "") => rig.send<RunPage>("GET", `/v1/runs/${step}/items${query}`);
const getRun = async (rig: ApiRig, id: string) => (await rig.send<Run>("GET", `/v1/runs/${id}`)).body;

async function statusesOf(rig: ApiRig, run: Pick<Run, "id">): Promise<Record<string, string>> {
  const { body } = await stepsOf(rig, run);
  return Object.fromEntries(body.steps.map(({ name, status }) => [name, status]));
}

const post = <T = Run>(rig: ApiRig, id: string, action: string, body?: unknown, token = rig.admin) =>
  rig.send<T>("POST", `/v1/runs/${id}/${action}`, { body, token });

/** A request that is refused. */
const refused = (rig: ApiRig, id: string, action: string, body?: unknown) =>
  rig.send("POST", `/v1/runs/${id}/${action}`, { body });

const told = (answer: Answer) => `${answer.status} ${slugOf(answer)}: ${answer.body.detail}`;

async function audited(rig: ApiRig): Promise<string[]> {
  const { body } = await rig.send<{ items: AuditRecord[] }>("GET", "/v1/namespaces/default/audit");
  return body.items
    .filter(({ action }) => action.startsWith("run."))
    .map(({ action, subject }) => `${action} ${subject}`);
}

describe("workflows", () => {
  it("are listed without other jobs, page by page and by label", async () => {
    const rig = await defined({ a: {} });
    await rig.define();
    await rig.define({ name: "zip", labels: { team: "data" }, executor: aWorkflow({ a: {} }) });

    const first = (await rig.send<JobPage>("GET", `${WORKFLOWS}?limit=1`)).body;
    const second = (await rig.send<JobPage>("GET", `${WORKFLOWS}?limit=1&cursor=${first.nextCursor}`)).body;
    const labelled = (await rig.send<JobPage>("GET", `${WORKFLOWS}?label=team%3Ddata`)).body;

    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["etl", "zip"]);
    expect(labelled.items.map(({ name }) => name)).toEqual(["zip"]);
  });

  it("are drawn, as JSON and as text or Mermaid alone", async () => {
    const rig = await defined(
      { load: {}, each: { needs: ["load"], map: { over: "[1, 2]" }, when: "parameters.x == 1" } },
      { onError: { ask: { approval: { by: ["ana"] } } }, finally: { tidy: {} } },
    );

    const { body } = await rig.send<WorkflowGraph>("GET", `${WORKFLOWS}/etl/graph`);
    const text = await rig.send("GET", `${WORKFLOWS}/etl/graph?format=text`);
    const mermaid = await rig.send("GET", `${WORKFLOWS}/etl/graph?format=mermaid`, {
      headers: { accept: "text/plain" },
    });

    expect(body).toMatchObject({ job: "etl", version: 1 });
    expect(body.steps.map(({ name, phase, kind, map, needs }) => [name, phase, kind, map, needs])).toEqual([
      ["load", "main", "executor", false, []],
      ["each", "main", "executor", true, ["load"]],
      ["ask", "onError", "approval", false, []],
      ["tidy", "finally", "executor", false, []],
    ]);
    expect(body.steps.map(({ when }) => when)).toEqual([undefined, "parameters.x == 1", undefined, undefined]);
    expect([text.headers.get("content-type"), text.text]).toEqual(["text/plain; charset=utf-8", `${body.text}\n`]);
    expect(mermaid.text).toBe(`${body.mermaid.trimEnd()}\n`);
  });

  it("are drawn at earlier versions, and no other jobs are", async () => {
    const rig = await defined({ a: {} });
    const changed = { name: "etl", executor: aWorkflow({ a: {}, b: { needs: ["a"] } }) };
    await rig.send("PUT", "/v1/namespaces/default/jobs/etl", { body: changed, headers: { "if-match": "*" } });
    await rig.define();

    const graphs = ["", "?version=1"].map((query) => rig.send<WorkflowGraph>("GET", `${WORKFLOWS}/etl/graph${query}`));
    const other = await rig.send("GET", `${WORKFLOWS}/report/graph`);

    expect((await Promise.all(graphs)).map(({ body }) => [body.version, body.steps.length])).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(told(other)).toBe('409 not-a-workflow: Cannot draw job "report": it is not a workflow');
    expect(slugOf(await rig.send("GET", `${WORKFLOWS}/none/graph`))).toBe("not-found");
    expect(slugOf(await rig.send("GET", `${WORKFLOWS}/etl/graph?version=3`))).toBe("not-found");
  });
});

describe("steps", () => {
  it("tell while a workflow runs what has begun, and what the others wait for", async () => {
    const { rig, run } = await started(
      { extract: {}, load: { needs: ["extract"] }, report: { needs: ["load"] } },
      { afterMs: 1_500, more: { finally: { tidy: {} } } },
    );

    const { body } = await stepsOf(rig, run);

    expect(workflowStepsSchema.parse(body)).toEqual(body);
    expect(body.run).toMatchObject({ id: run.id, status: "running" });
    expect(body.steps.map(({ name, status, waitsFor }) => [name, status, waitsFor])).toEqual([
      ["extract", "succeeded", []],
      ["load", "running", []],
      ["report", "notStarted", ["load"]],
      ["tidy", "notStarted", ["load", "report"]],
    ]);
    expect(body.steps[1]?.run).toMatchObject({
      id: `${run.id}.load`,
      cause: "step",
      workflow: { run: run.id, step: "load" },
    });
    expect(body.gantt).toMatch(
      /^ +2026-01-05T10:00:00\.000Z +\+1s500ms\nextract +█+ +1s +succeeded\nload +▒+▶ +500ms +running$/,
    );
  });

  it("tell of an ended workflow which steps have determined its end", async () => {
    const { rig, run } = await started({ a: {}, quick: {}, b: { needs: ["a"] } }, { afterMs: 5_000 });

    const { body } = await stepsOf(rig, run);

    expect(body.run.status).toBe("succeeded");
    expect(body.criticalPath).toEqual([
      { step: "a", from: "2026-01-05T10:00:00.000Z", to: "2026-01-05T10:00:01.000Z", waitedMs: 0 },
      { step: "b", from: "2026-01-05T10:00:01.000Z", to: "2026-01-05T10:00:02.000Z", waitedMs: 0 },
    ]);
    expect(body.gantt.split("\n")).toHaveLength(4);
  });

  it("show each attempt in the drawing, and what the engine carries", async () => {
    let attempts = 0;
    const { rig, run } = await started(
      {
        flaky: { retry: { maxAttempts: 2, backoff: { initial: "1s", jitter: "none" } } },
        wait: { wait: { for: "1m" } },
      },
      { afterMs: 5_000, behave: (one) => failing(++attempts === 1 ? "flaky" : "")(one) },
    );

    const { body } = await stepsOf(rig, run);

    expect(body.gantt.split("\n").map((line) => line.replaceAll(/[ █▒▶]+/g, " "))).toEqual([
      " 2026-01-05T10:00:00.000Z +5s",
      "flaky 1s failed",
      "flaky #2 1s succeeded",
      "wait 5s running",
    ]);
    expect(body.steps.find(({ name }) => name === "wait")).toMatchObject({
      kind: "wait",
      run: { status: "running", wakeAt: "2026-01-05T10:01:00.000Z" },
    });
  });

  it("are told without what is large of their runs, which have it by themselves", async () => {
    const results: Record<string, Json> = { small: { rows: 3 }, large: { text: "é".repeat(600) } };
    const steps = { small: {}, large: { parameters: { text: "x".repeat(2_000) } }, broken: {} };
    const behave = ({ stamp }: { stamp: string }) => {
      const result = results[stamp.split(".").at(-1) ?? ""];
      const error = { name: "EXIT", message: "y".repeat(2_000) };
      return {
        takesMs: 1_000,
        result: result === undefined ? ({ kind: "failed", error } as const) : ({ kind: "succeeded", result } as const),
      };
    };
    const { rig, run } = await started(steps, { afterMs: 3_000, behave });

    const { body } = await stepsOf(rig, run);

    expect(workflowStepsSchema.parse(body)).toEqual(body);
    const [small, large, broken] = body.steps;
    expect([small?.omitted, small?.run]).toEqual([undefined, await getRun(rig, `${run.id}.small`)]);
    expect(large?.omitted).toEqual({ result: 1_211, parameters: 2_011 });
    const { result: _, parameters: _p, ...rest } = await getRun(rig, `${run.id}.large`);
    expect(large?.run).toEqual(rest);
    expect(broken?.run?.error).toEqual({ name: "EXIT", message: `${"y".repeat(1_024)}…` });
    expect([broken?.run?.attempts, broken?.omitted?.attempts]).toEqual([[], expect.any(Number)]);
    expect(broken?.startedAt).toBe("2026-01-05T10:00:00.000Z");
    expect((await getRun(rig, `${run.id}.broken`)).error?.message).toHaveLength(2_000);
  });

  it("are told with what a switch has chosen and people have decided, whatever it takes", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `a-step-with-quite-a-long-name-${index}`);
    const chosen = Object.fromEntries(names.map((name) => [name, { needs: ["choose"] }]));
    const { rig, host, run } = await started(
      {
        choose: { switch: { cases: [{ when: "true", choose: names }] } },
        ask: { approval: { by: ["root"] } },
        ...chosen,
      },
      { afterMs: 500 },
    );
    const note = "é".repeat(1_000);
    await post(rig, `${run.id}.ask`, "approve", { note });
    await host.advance(rig.clock, 1_000);

    const { body } = await stepsOf(rig, run);

    const find = (name: string) => body.steps.find((step) => step.name === name);
    expect([find("choose")?.run?.result, find("choose")?.omitted]).toEqual([names, undefined]);
    expect([find("ask")?.run?.result, find("ask")?.omitted]).toEqual([{ approved: true, by: "root", note }, undefined]);
  });

  it("name at most 20 of the steps that one waits for, and count the others", async () => {
    const main = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`s${index}`, {}]));
    const { rig, run } = await started(main, { afterMs: 500, more: { finally: { tidy: {} } } });

    const { body } = await stepsOf(rig, run);

    const tidy = body.steps.find(({ name }) => name === "tidy");
    expect([tidy?.waitsFor.length, tidy?.waitsForMore]).toEqual([20, 10]);
    expect(body.steps[0]).not.toHaveProperty("waitsForMore");
  });

  it("are those of workflows only", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const { id } = await triggered(rig, "report");

    expect(slugOf(await rig.send("GET", `/v1/runs/${id}/steps`))).toBe("not-a-workflow");
    expect(slugOf(await rig.send("GET", "/v1/runs/default.report@20260105T020000.000Z/steps"))).toBe("run-not-found");
  });

  it("that run another job name that run", async () => {
    const rig = await defined({ sub: { workflow: { job: "report" } } });
    await rig.define();
    const host = new WorkflowHost(rig.core);
    const run = await triggered(rig);
    await host.advance(rig.clock, 500);

    const step = await getRun(rig, `${run.id}.sub`);

    expect(step).toMatchObject({ status: "running", child: expect.stringMatching(/^default\.report@/) as string });
    expect(await getRun(rig, step.child ?? "")).toMatchObject({ cause: "workflow", origin: { step: step.id } });
  });
});

describe("items", () => {
  const map = { over: "[5, 6, 7]", tolerate: 3 };

  it("are listed in the order of the list, page by page", async () => {
    const { rig, run } = await started({ each: { map, parameters: { n: "${{ item }}" } } }, { afterMs: 3_000 });
    const step = `${run.id}.each`;

    const first = (await itemsOf(rig, step, "?limit=2")).body;
    const second = (await itemsOf(rig, step, `?limit=2&cursor=${first.nextCursor}`)).body;

    const all = [...first.items, ...second.items];
    expect(all.map(({ id, parameters }) => [id, parameters?.["n"]])).toEqual([
      [`${step}.0`, 5],
      [`${step}.1`, 6],
      [`${step}.2`, 7],
    ]);
    expect(all[1]?.workflow).toEqual({ run: run.id, step: "each", item: 1 });
    expect((await getRun(rig, step)).items).toEqual({ total: 3, open: 0, succeeded: 3, failed: 0 });
  });

  it("with large results are told in shorter pages", async () => {
    const { rig, run } = await started(
      { each: { map: { over: JSON.stringify(Array.from({ length: 40 }, (_, index) => index)), concurrency: 40 } } },
      { afterMs: 6_000, behave: () => ({ takesMs: 100, result: { kind: "succeeded", result: "x".repeat(60_000) } }) },
    );
    const step = `${run.id}.each`;

    const first = (await itemsOf(rig, step)).body;
    const second = (await itemsOf(rig, step, `?cursor=${first.nextCursor}`)).body;
    const third = (await itemsOf(rig, step, `?cursor=${second.nextCursor}`)).body;

    expect([first, second, third].map(({ items }) => items.length)).toEqual([17, 17, 6]);
    expect(third.nextCursor).toBeUndefined();
    expect([...first.items, ...second.items, ...third.items].map(({ workflow }) => workflow?.item)).toEqual(
      Array.from({ length: 40 }, (_, index) => index),
    );
  });

  it("of a step that stands from a former run are that run's", async () => {
    const { rig, host, run } = await started(
      { each: { map }, after: { needs: ["each"] } },
      { afterMs: 5_000, behave: failing("after") },
    );
    host.behave = failing();
    const again = (await post(rig, run.id, "redrive")).body;
    await host.advance(rig.clock, 5_000);

    const { body } = await itemsOf(rig, `${again.id}.each`);

    expect(await statusesOf(rig, again)).toEqual({ each: "succeeded", after: "succeeded" });
    expect(body.items.map(({ id }) => id)).toEqual([0, 1, 2].map((index) => `${run.id}.each.${index}`));
  });

  it("are none of a step without a list, and asked for of steps only", async () => {
    const { rig, run } = await started({ a: {} }, { afterMs: 3_000 });

    expect((await itemsOf(rig, `${run.id}.a`)).body).toEqual({ items: [] });
    expect(slugOf(await rig.send("GET", `/v1/runs/${run.id}/items`))).toBe("not-a-step");
    expect(slugOf(await rig.send("GET", `/v1/runs/${run.id}.b/items`))).toBe("run-not-found");
  });
});

describe("a pause", () => {
  it("lets no step begin until it is over, and is audited once", async () => {
    const { rig, host, run } = await started({ a: {}, b: { needs: ["a"] } }, { afterMs: 500 });

    const paused = await post(rig, run.id, "pause", { note: "disk full" });
    await post(rig, run.id, "pause");
    await host.advance(rig.clock, 5_000);
    const held = await statusesOf(rig, run);
    const resumed = await post(rig, run.id, "resume");
    await post(rig, run.id, "resume");
    await host.advance(rig.clock, 5_000);

    expect([paused.status, paused.body.paused]).toEqual([
      200,
      { at: "2026-01-05T10:00:00.500Z", by: "root", note: "disk full" },
    ]);
    expect(held).toEqual({ a: "succeeded", b: "notStarted" });
    expect(resumed.body.paused).toBeUndefined();
    expect(await getRun(rig, run.id)).toMatchObject({ status: "succeeded" });
    expect(await audited(rig)).toEqual([`run.resume runs/${run.id}/resume`, `run.pause runs/${run.id}/pause`]);
  });

  it("is for workflows that have begun and not ended", async () => {
    const { rig, host, run } = await started({ a: {} }, { afterMs: 500 });
    const waiting = await triggered(rig);
    const early = await refused(rig, waiting.id, "pause");
    const ofStep = await refused(rig, `${run.id}.a`, "pause");
    await host.advance(rig.clock, 5_000);

    expect(told(early)).toBe(`409 run-not-running: Cannot pause run "${waiting.id}": it is queued`);
    expect(slugOf(ofStep)).toBe("not-a-workflow");
    expect(slugOf(await refused(rig, run.id, "resume"))).toBe("run-already-final");
    expect(slugOf(await refused(rig, run.id, "pause", { why: "x" }))).toBe("unknown-field");
  });
});

describe("a cancellation of a workflow", () => {
  it("stops its steps and is answered before they have ended", async () => {
    const { rig, host, run } = await started({ a: {}, b: { needs: ["a"] } }, { afterMs: 500 });

    const { status, body } = await post(rig, run.id, "cancel", { note: "wrong day" });
    await host.advance(rig.clock, 3_000);

    expect([status, body.status, body.cancel?.note]).toEqual([202, "running", "wrong day"]);
    expect(await getRun(rig, run.id)).toMatchObject({ status: "cancelled" });
    expect(await statusesOf(rig, run)).toEqual({ a: "cancelled", b: "skipped" });
  });
});

describe("approvals", () => {
  const steps = { ask: { approval: { by: ["root"] } }, go: { needs: ["ask"] } };

  it("let the workflow go on, with who has approved and why as output", async () => {
    const { rig, host, run } = await started(steps, { afterMs: 500 });

    const { status, body } = await post(rig, `${run.id}.ask`, "approve", { note: "looks good" });
    await host.advance(rig.clock, 3_000);
    const again = await refused(rig, `${run.id}.ask`, "reject");

    expect([status, body.status, body.result]).toEqual([
      200,
      "succeeded",
      { approved: true, by: "root", note: "looks good" },
    ]);
    expect(await getRun(rig, run.id)).toMatchObject({ status: "succeeded" });
    expect(slugOf(again)).toBe("run-already-final");
    expect(await audited(rig)).toEqual([`run.approve runs/${run.id}.ask/approve`]);
  });

  it("that are refused fail the step", async () => {
    const { rig, host, run } = await started(steps, { afterMs: 500 });

    const { body } = await post(rig, `${run.id}.ask`, "reject", { note: "not now" });
    await host.advance(rig.clock, 3_000);

    expect(body).toMatchObject({ status: "failed", error: { name: "REJECTED", message: "rejected by root: not now" } });
    expect(await getRun(rig, run.id)).toMatchObject({ status: "failed" });
  });

  it("are for those that the step names, and for steps that wait for one", async () => {
    const { rig, run } = await started(steps, { afterMs: 500 });
    const operator = await rig.token("operator");

    const foreign = await rig.send("POST", `/v1/runs/${run.id}.ask/approve`, { token: operator });

    expect(told(foreign)).toMatch(
      /^403 not-an-approver: Cannot approve run ".*\.ask" as "operator-\w+": that is for root$/,
    );
    expect(slugOf(await refused(rig, run.id, "approve"))).toBe("not-a-step");
    expect(slugOf(await refused(rig, `${run.id}.go`, "approve"))).toBe("run-not-found");
    const { rig: other, run: plain } = await started({ a: {} }, { afterMs: 500 });
    expect(slugOf(await refused(other, `${plain.id}.a`, "approve"))).toBe("not-an-approval");
  });
});

describe("a mark", () => {
  it("ends a step that has not begun, and the run tells by whom", async () => {
    const { rig, host, run } = await started({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }, { afterMs: 500 });

    const { status, body } = await post(rig, `${run.id}.b`, "mark", { as: "succeeded", note: "done by hand" });
    await host.advance(rig.clock, 5_000);

    expect(status).toBe(200);
    expect(runSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      status: "succeeded",
      attempt: 0,
      mark: { at: "2026-01-05T10:00:00.500Z", by: "root", note: "done by hand" },
    });
    expect(await statusesOf(rig, run)).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(await audited(rig)).toEqual([`run.mark runs/${run.id}.b/mark`]);
  });

  it("leaves a step out, and with it those that need it", async () => {
    const { rig, host, run } = await started({ a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } }, { afterMs: 500 });

    const { body } = await post(rig, `${run.id}.b`, "mark", { as: "skipped" });
    await host.advance(rig.clock, 5_000);

    expect(body).toMatchObject({ status: "skipped", reason: "marked" });
    expect(await statusesOf(rig, run)).toEqual({ a: "succeeded", b: "skipped", c: "skipped" });
  });

  it("is refused for what is being executed, has ended, or is no step", async () => {
    const { rig, host, run } = await started({ a: {}, b: { needs: ["a"] } }, { afterMs: 500 });
    const as = { as: "skipped" };

    expect(slugOf(await refused(rig, `${run.id}.a`, "mark", as))).toBe("step-under-way");
    expect(slugOf(await refused(rig, `${run.id}.x`, "mark", as))).toBe("run-not-found");
    expect(slugOf(await refused(rig, run.id, "mark", as))).toBe("not-a-step");
    expect(faultsOf(await refused(rig, `${run.id}.b`, "mark", { as: "failed" }))).toEqual(["/as value-not-allowed"]);
    expect(faultsOf(await refused(rig, `${run.id}.b`, "mark", {}))).toEqual(["/as required-field"]);
    await host.advance(rig.clock, 5_000);
    expect(slugOf(await refused(rig, `${run.id}.b`, "mark", as))).toBe("run-already-final");
  });
});

describe("a redrive", () => {
  const chain = { a: {}, b: { needs: ["a"] }, c: { needs: ["b"] } };
  const failed = () => started(chain, { afterMs: 5_000, behave: failing("b") });

  it("is a new run in which what has succeeded stands, once for a key", async () => {
    const { rig, host, run } = await failed();
    host.behave = failing();
    const redrive = () => rig.send<Run>("POST", `/v1/runs/${run.id}/redrive`, { headers: { "idempotency-key": "k" } });

    const [first, second] = [await redrive(), await redrive()];
    await host.advance(rig.clock, 5_000);

    expect([first.status, first.headers.get("location")]).toEqual([201, `/v1/runs/${first.body.id}`]);
    expect([second.body, second.headers.get("idempotency-replayed")]).toEqual([first.body, "true"]);
    expect(first.body).toMatchObject({ cause: "rerun", origin: { redriveOf: run.id, by: "root" } });
    expect(await statusesOf(rig, first.body)).toEqual({ a: "succeeded", b: "succeeded", c: "succeeded" });
    expect(await getRun(rig, `${first.body.id}.a`)).toMatchObject({ origin: { redriveOf: `${run.id}.a` } });
    expect((await stepsOf(rig, first.body)).body.gantt).toMatch(/^.*\nb .*\nc .*$/);
    expect(await audited(rig)).toEqual([`run.redrive runs/${run.id}/redrive`]);
  });

  it("runs again from where it is told, and takes steps as marked", async () => {
    const { rig, host, run } = await failed();
    host.behave = failing();

    const { body } = await post(rig, run.id, "redrive", { from: ["a"], marks: { b: "skipped" }, note: "known" });
    await host.advance(rig.clock, 5_000);

    expect(await statusesOf(rig, body)).toEqual({ a: "succeeded", b: "skipped", c: "skipped" });
    expect((await getRun(rig, `${body.id}.a`)).origin?.redriveOf).toBeUndefined();
    expect(await getRun(rig, `${body.id}.b`)).toMatchObject({ mark: { by: "root", note: "known" } });
  });

  it("may follow the job as it is now", async () => {
    const { rig, host, run } = await failed();
    const executor = aWorkflow({ a: {}, b2: { needs: ["a"] } });
    await rig.send("PUT", "/v1/namespaces/default/jobs/etl", {
      body: { name: "etl", executor },
      headers: { "if-match": "*" },
    });
    host.behave = failing();

    const { body } = await post(rig, run.id, "redrive", { definition: "latest" });
    await host.advance(rig.clock, 5_000);

    expect(body.version).toBe(2);
    expect(await statusesOf(rig, body)).toEqual({ a: "succeeded", b2: "succeeded" });
  });

  it("is refused for what has not ended, has nothing left, names no step, or is no workflow", async () => {
    const { rig, host, run } = await started({ a: {} }, { afterMs: 500 });
    const early = await refused(rig, run.id, "redrive");
    await host.advance(rig.clock, 3_000);
    await rig.define();
    const { id } = await triggered(rig, "report");
    const unknown = await refused(rig, run.id, "redrive", { from: ["a", "x"] });

    expect(slugOf(early)).toBe("run-not-final");
    expect(slugOf(await refused(rig, run.id, "redrive"))).toBe("nothing-to-redrive");
    expect([slugOf(unknown), faultsOf(unknown)]).toEqual(["unknown-reference", ["/from/1 unknown-reference"]]);
    expect(slugOf(await refused(rig, id, "redrive"))).toBe("not-a-workflow");
    expect(faultsOf(await refused(rig, run.id, "redrive", { marks: { a: "failed" } }))).toEqual([
      "/marks/a value-not-allowed",
    ]);
  });

  it("is how a step is run again", async () => {
    const { rig, run } = await failed();

    expect(told(await refused(rig, `${run.id}.b`, "rerun"))).toBe(
      `409 run-is-step: Cannot run step "${run.id}.b" by itself: redrive its workflow`,
    );
  });
});
