import { describe, expect, it } from "vitest";
import { ENGINE_QUEUE } from "../../../core/run/message.ts";
import { formatRunId, type RunKey } from "../../../core/run/run-id.ts";
import type { Executions } from "../../../core/ports/executions.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import type { Core } from "../../../core/services/core.ts";
import { deleteJob } from "../../../core/services/define-job.ts";
import { decideApproval } from "../../../core/services/workflow/decide-approval.ts";
import { handleEngineMessage } from "../../../core/services/workflow/engine-message.ts";
import { markStep } from "../../../core/services/workflow/mark-step.ts";
import { redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { stepKey } from "../../../core/services/workflow/step-run.ts";
import { decodeMirrorMessage } from "../../../core/workflow/mirror-message.ts";
import { executionOf, mirrored, waiting } from "../../support/mirrored.ts";
import { DELETED, ServiceExecutions } from "../../support/state-machines.ts";
import { fails, type StepsOf, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { NAMESPACE } from "../../support/world.ts";

const HOUR_MS = 3_600_000;

describe("the execution of a run", () => {
  it("is begun with it, reaches each step once and ends with it", async () => {
    const world = await mirrored({ a: {}, b: {}, c: { needs: ["a"] }, d: { needs: ["a", "b"] } });
    world.steps.set("b", () => takes(5_000));
    const run = await world.start("etl");
    await world.advance(2_000);
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING" });
    await world.advance(8_000);

    expect(await world.ended(run)).toMatchObject({ status: "succeeded", isMirrored: true });
    const { status, entered } = executionOf(world, run);
    expect(status).toBe("SUCCEEDED");
    expect(entered.toSorted()).toEqual(["Parallel 1 (a and b)", "a", "b", "c", "d"]);
    expect(waiting(world, run)).toEqual([]);
  });

  it("does not tell more than the run: a step that waits is one that was reached", async () => {
    const world = await mirrored({ a: {}, ok: { needs: ["a"], approval: { by: ["ops"] } }, b: { needs: ["ok"] } });
    const run = await world.start("etl");
    await world.advance(60_000);
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING", entered: ["a", "ok"] });
    expect(waiting(world, run)).toEqual(["ok"]);
    await decideApproval(world.core, stepKey(run, "ok"), { by: "ops", isApproved: true });
    await world.advance(5_000);

    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", entered: ["a", "ok", "b"] });
  });

  it("fails with the step that fails the run, after all that has run beside it", async () => {
    const world = await mirrored(
      { a: {}, bad: {}, c: { needs: ["a"] }, d: { needs: ["c"] }, never: { needs: ["bad"] } },
      { onError: { tell: {} }, finally: { clean: {} } },
    );
    world.steps.set("bad", () => fails());
    const run = await world.start("etl");
    await world.advance(30_000);

    expect(await world.ended(run)).toMatchObject({ status: "failed" });
    const { status, reason, entered } = executionOf(world, run);
    expect({ status, reason }).toMatchObject({ status: "FAILED", reason: { error: "Carillon.StepFailed" } });
    expect(reason?.cause).toBe('Step "bad" failed');
    expect(entered.filter((name) => !name.startsWith("Parallel")).toSorted()).toEqual(["a", "bad", "c", "d"]);
    expect(waiting(world, run)).toEqual([]);
  });

  it("goes past a failure that is allowed, and past what is left out", async () => {
    const world = await mirrored({
      bad: { allowFailure: true },
      s: { needs: ["bad"], switch: { cases: [{ when: "false", choose: ["x"] }], default: ["y"] } },
      x: { needs: ["s"] },
      y: { needs: ["s"] },
    });
    world.steps.set("bad", () => fails());
    const run = await world.start("etl");
    await world.advance(30_000);

    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED" });
    expect(executionOf(world, run).entered).toContain("x");
  });

  it.each([
    {
      what: "is cancelled",
      steps: { a: {}, w: { wait: { for: "1h" } } },
      act: (world: WorkflowWorld, run: RunKey) => cancelRun(world.core, run, { by: "ops", note: "no more" }),
      reason: { error: "Carillon.CANCELLED", cause: "stopped by ops: no more" },
    },
    {
      what: "takes too long",
      steps: { w: { wait: { for: "1h" } } },
      timeouts: { run: "20s" },
      reason: { error: "Carillon.TIMEOUT" },
    },
    {
      what: "fails by its outputs alone",
      steps: { w: { wait: { for: "5s" } } },
      outputs: { x: "steps.w.output.nothing.at.all" },
      reason: { error: expect.stringMatching(/^Carillon\./) },
    },
  ])("is stopped when the run $what, for no step shows it", async ({ steps, act, timeouts, outputs, reason }) => {
    const world = new WorkflowWorld({ isMirrored: true });
    await world.defineWorkflow("etl", workflow(steps, outputs && { outputs }), timeouts && { timeouts });
    const run = await world.start("etl");
    await world.advance(3_000);
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING" });
    await act?.(world, run);
    await world.advance(60_000);

    expect((await world.ended(run)).status).not.toBe("succeeded");
    expect(executionOf(world, run)).toMatchObject({ status: "ABORTED", reason });
    expect(waiting(world, run)).toEqual([]);
  });

  it("is there also of a run that was over before its execution had begun", async () => {
    const world = await mirrored({ s: { switch: { cases: [], default: [] } } });
    const run = await world.start("etl");
    await world.advance(3_000);

    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", entered: ["s"] });
  });

  it("of a redrive begins anew, and passes by what stands", async () => {
    const world = await mirrored({ a: {}, b: { needs: ["a"] } });
    world.steps.set("b", () => fails());
    const run = await world.start("etl");
    await world.advance(20_000);
    world.steps.clear();
    world.begun.length = 0;
    const redrive = { by: "ops", definition: "same", from: [], marks: {} } as const;
    const again = await redriveWorkflow(world.core, run, redrive);
    await world.advance(20_000);

    expect(world.begunSteps()).toEqual(["b"]);
    expect(executionOf(world, run)).toMatchObject({ status: "FAILED" });
    expect(executionOf(world, again)).toMatchObject({ status: "SUCCEEDED", entered: ["a", "b"] });
  });

  it("follows people who say the end of a step", async () => {
    const world = await mirrored({ w: { wait: { for: "30d" } }, b: { needs: ["w"] } });
    const run = await world.start("etl");
    await world.advance(3_000);
    await markStep(world.core, stepKey(run, "w"), { as: "skipped", by: "ops" });
    await world.advance(5_000);

    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", entered: ["w", "b"] });
  });

  it("is none where the engine has none, and nothing is sent for it", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ a: {} }));
    const run = await world.start("etl");
    await world.advance(5_000);

    expect(await world.ended(run)).not.toHaveProperty("isMirrored");
    expect(world.machines.executions.size).toBe(0);
  });
});

describe("when messages are lost", () => {
  it("an answer that nobody has given is given at the next heartbeat", async () => {
    const world = await mirrored({ a: {}, b: { needs: ["a"] } });
    const run = await world.start("etl");
    world.queue.fate = ({ body }) => (body.includes('"token"') ? "lose" : "keep");
    await world.advance(5_000);
    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING", entered: ["a"] });
    world.queue.fate = () => "keep";
    await world.clock.advance(HOUR_MS);
    world.machines.expireHeartbeats();
    await world.advance(5_000);

    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", entered: ["a", "b"], transitions: 3 });
  });

  it("an execution that was to be stopped is stopped at the next heartbeat", async () => {
    const world = await mirrored({ a: {} });
    world.steps.set("a", () => takes(HOUR_MS));
    const run = await world.start("etl");
    await world.advance(2_000);
    world.queue.fate = ({ body }) => (decodeMirrorMessage(body) === undefined ? "keep" : "lose");
    await cancelRun(world.core, run, { by: "ops" });
    await world.advance(60_000);
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING" });
    world.queue.fate = () => "keep";
    await world.clock.advance(HOUR_MS);
    world.machines.expireHeartbeats();
    await world.advance(5_000);

    expect(executionOf(world, run)).toMatchObject({ status: "ABORTED" });
  });

  it("those that come twice, late or of nobody change nothing", async () => {
    const world = await mirrored({ a: {}, b: { needs: ["a"] } });
    world.queue.fate = () => "double";
    const run = await world.start("etl");
    await world.advance(5_000);
    const forged = [
      { v: 1, run: formatRunId(run), step: "a", token: "token-of-nobody", retries: 0 },
      { v: 1, run: formatRunId(run), step: "nothing", token: "token-of-nobody", retries: 0 },
      { v: 1, run: "default.etl@20200101T000000.000Z", step: "a", token: "token-of-nobody", retries: 0 },
      { v: 1, run: "no run", step: "a" },
      { v: 1, run: formatRunId(run) },
      { v: 1, deleted: { namespace: NAMESPACE, job: "etl" } },
      { v: 1, deleted: { namespace: NAMESPACE, job: "nothing" } },
    ];
    await world.core.queue.send(
      ENGINE_QUEUE,
      forged.map((message) => ({ body: JSON.stringify(message), group: NAMESPACE, delayMs: 0 })),
    );
    await world.advance(30_000);

    expect(world.errors).toEqual([]);
    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", entered: ["a", "b"], transitions: 2 });
    expect(world.executions?.removed).toEqual([`${NAMESPACE}.nothing`, `${NAMESPACE}.nothing`]);
    expect(waiting(world, run)).toEqual([]);
  });
});

describe("a Task that waits", () => {
  it("is not forgotten for a token that is older, or of nobody", async () => {
    const world = await mirrored({ a: {} });
    world.steps.set("a", () => takes(2 * HOUR_MS));
    const run = await world.start("etl");
    await world.advance(2_000);
    await world.clock.advance(HOUR_MS);
    world.machines.expireHeartbeats();
    await world.advance(1_000);
    const late = [
      { v: 1, run: formatRunId(run), step: "a", token: "token-1", retries: 0 },
      { v: 1, run: formatRunId(run), step: "a", token: "token-of-nobody", retries: 1 },
    ];
    await world.core.queue.send(
      ENGINE_QUEUE,
      late.map((message) => ({ body: JSON.stringify(message), group: NAMESPACE, delayMs: 0 })),
    );
    await world.advance(HOUR_MS + 60_000, { stepMs: 60_000 });

    expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    expect(executionOf(world, run)).toMatchObject({ status: "SUCCEEDED", transitions: 2 });
  });

  it.each([
    ["a map of nothing", { map: { over: "[]" } }],
    ["a run that is there already", { awaits: { job: "other", within: "day" } }],
  ])("for %s is answered as soon as its step begins", async (_, step) => {
    const world = new WorkflowWorld({ isMirrored: true });
    await world.define({ name: "other" });
    await world.start("other");
    await world.advance(5_000);
    const steps = { a: {}, b: {}, c: { needs: ["a"] }, d: { needs: ["a", "b"], ...step }, e: { needs: ["d"] } };
    await world.defineWorkflow("etl", workflow(steps));
    world.steps.set("a", () => takes(10_000));
    world.steps.set("e", () => takes(HOUR_MS));
    const run = await world.start("etl");
    await world.advance(12_000);

    expect((await world.step(run, "e")).status).toBe("running");
    expect(executionOf(world, run).entered).toContain("e");
  });
});

const WIDE = 60;
const names = Array.from({ length: WIDE }, (_, index) => `s${index}`);

describe("the effort for a run", () => {
  it("that fails in many steps at once is one answer for all of them", async () => {
    const world = await mirrored(Object.fromEntries(names.map((name) => [name, {}])));
    world.behave = () => fails();
    const counts = counting(world);
    const run = await world.start("etl");
    await world.advance(60_000);

    expect(executionOf(world, run)).toMatchObject({ status: "FAILED" });
    expect(waiting(world, run)).toEqual([]);
    expect(counts.answer).toBe(1);
  });

  it("that is stopped while many steps are open is below one stop for each of them", async () => {
    const world = await mirrored(Object.fromEntries(names.map((name) => [name, {}])));
    world.behave = () => takes(HOUR_MS);
    const counts = counting(world);
    const run = await world.start("etl");
    await world.advance(5_000);
    await cancelRun(world.core, run, { by: "ops" });
    await world.advance(60_000);

    expect(executionOf(world, run)).toMatchObject({ status: "ABORTED" });
    expect(waiting(world, run)).toEqual([]);
    // Messages of steps that were waiting find that it has ended, and see to what follows from that.
    expect(counts.stop).toBeLessThan(WIDE);
  });

  it("of which many steps are blocked at once sends no more than for one that is not shown", async () => {
    // That it begins, that its first step was reached and has ended, and that it has ended.
    expect((await sentForBlocked(true)) - (await sentForBlocked(false))).toBeLessThanOrEqual(5);
  });
});

describe("the message that a run begins", () => {
  it("waits for the record of a slot's run, which is written after it", async () => {
    const world = await mirrored({ a: {} });
    const message = { v: 1, run: `${NAMESPACE}.etl@20260305T100000.000Z` };
    const engine: Core = { ...world.core, executions: world.executions as Executions };
    const verdicts = [1, 2, 3, 4, 5].map((receives) =>
      handleEngineMessage(engine, { body: JSON.stringify(message), group: NAMESPACE, receipt: "", receives }),
    );

    expect((await Promise.all(verdicts)).map(({ kind }) => kind)).toEqual(["hide", "hide", "hide", "hide", "delete"]);
  });

  it("begins nothing for a run that was claimed where nothing is shown", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("etl", workflow({ w: { wait: { for: "1h" } } }));
    const run = await world.start("etl");
    await world.advance(2_000);
    const executions = new ServiceExecutions(world.machines, ENGINE_QUEUE);
    const body = JSON.stringify({ v: 1, run: formatRunId(run) });
    await handleEngineMessage({ ...world.core, executions }, { body, group: NAMESPACE, receipt: "", receives: 1 });

    expect(world.machines.executions.size).toBe(0);
  });
});

describe("when a workflow is deleted", () => {
  it("its state machine goes, and with it what is still to be shown", async () => {
    const world = await mirrored({ bad: {} });
    world.steps.set("bad", () => fails());
    const run = await world.start("etl");
    await world.advance(2_000);
    expect(await world.ended(run)).toMatchObject({ status: "failed" });
    expect(executionOf(world, run)).toMatchObject({ status: "RUNNING" });
    await deleteJob(world.core, NAMESPACE, "etl", {});
    await world.advance(30_000);

    expect(executionOf(world, run)).toMatchObject({ status: "ABORTED", reason: DELETED });
    expect(world.executions?.removed).toEqual([`${NAMESPACE}.etl`]);
    expect(waiting(world, run)).toEqual([]);
  });

  it("a late message does not bring it back", async () => {
    const world = await mirrored({ a: {} });
    const run = await world.start("etl");
    await world.advance(3_000);
    await deleteJob(world.core, NAMESPACE, "etl", {});
    await world.advance(1_000);
    expect(world.executions?.removed).toEqual([`${NAMESPACE}.etl`]);
    world.machines.executions.clear();
    await world.core.queue.send(ENGINE_QUEUE, [
      { body: JSON.stringify({ v: 1, run: formatRunId(run) }), group: NAMESPACE, delayMs: 0 },
    ]);
    await world.advance(5_000);

    expect([...world.machines.executions.keys()]).toEqual([]);
  });

  it("and defined again at once, its state machine stays", async () => {
    const world = await mirrored({ a: {} });
    world.queue.fate = ({ body }) => (body.includes('"deleted"') ? "double" : "keep");
    await deleteJob(world.core, NAMESPACE, "etl", {});
    await world.defineWorkflow("etl", workflow({ b: {} }));
    await world.advance(2_000);

    expect(world.executions?.removed).toEqual([]);
  });

  it("a job that is none tells nobody", async () => {
    const world = new WorkflowWorld({ isMirrored: true });
    await world.define({ name: "job" });
    const { sent } = world.queue;
    await deleteJob(world.core, NAMESPACE, "job", {});

    expect(world.queue.sent).toBe(sent);
  });
});

function counting(world: WorkflowWorld): Record<"answer" | "stop", number> {
  const { executions } = world;
  const counts = { answer: 0, stop: 0 };
  if (executions === undefined) throw new Error("The world has no executions");
  for (const name of ["answer", "stop"] as const) {
    const call = executions[name].bind(executions) as (...args: unknown[]) => Promise<void>;
    executions[name] = (...args: unknown[]) => {
      counts[name] += 1;
      return call(...args);
    };
  }
  return counts;
}

/** Messages sent for a workflow of which one step fails, and blocks all others. */
async function sentForBlocked(isMirrored: boolean): Promise<number> {
  const world = new WorkflowWorld({ isMirrored });
  const blocked = names.map((name) => [name, { needs: ["bad"] }]);
  await world.defineWorkflow("etl", workflow({ bad: {}, ...Object.fromEntries(blocked) } as StepsOf));
  world.steps.set("bad", () => fails());
  await world.start("etl");
  await world.advance(30_000);
  return world.queue.sent;
}
