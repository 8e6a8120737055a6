import { describe, expect, it } from "vitest";
import { ENGINE_POOL } from "../../../core/fleet/pool-size.ts";
import { isEnded, type Run } from "../../../core/run/run.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import type { Core } from "../../../core/services/core.ts";
import { decideApproval } from "../../../core/services/workflow/decide-approval.ts";
import { markStep } from "../../../core/services/workflow/mark-step.ts";
import { pauseWorkflow, resumeWorkflow } from "../../../core/services/workflow/pause-workflow.ts";
import { redriveWorkflow } from "../../../core/services/workflow/redrive.ts";
import { stepKey } from "../../../core/services/workflow/step-run.ts";
import type { Fault } from "../../support/port-faults.ts";
import { fails, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

const FAULTS: readonly Fault[] = ["dieBefore", "dieAfter", "unknown", "unavailable"];
/** Long enough for the looks of watches, which grow rarer. */
const AT_LAST_MS = 400_000;

const STEPS = {
  a: {},
  w: { wait: { for: "2s" } },
  s: { needs: ["a"], switch: { cases: [{ when: "true", choose: ["b"] }], default: ["x"] } },
  b: { needs: ["s"] },
  x: { needs: ["s"] },
  each: { needs: ["a"], map: { over: "[1, 2, 3]", concurrency: 2 } },
  child: { needs: ["a"], workflow: { job: "load" } },
  last: { needs: ["b", "each", "child", "w"] },
} as const;

const ENDS = {
  a: "succeeded",
  w: "succeeded",
  s: "succeeded",
  b: "succeeded",
  x: "skipped",
  each: "succeeded",
  child: "succeeded",
  last: "succeeded",
  clean: "succeeded",
};

async function everything(seed: number): Promise<WorkflowWorld> {
  const world = new WorkflowWorld({ seed });
  await world.define({ name: "load" });
  const steps = structuredClone(STEPS) as unknown as Parameters<typeof workflow>[0];
  await world.defineWorkflow("etl", workflow(steps, { finally: { clean: {} } }));
  return world;
}

function expectAllWell(world: WorkflowWorld, run: Run, where: string): void {
  expect(world.statuses(run), where).toEqual(ENDS);
  expect(
    world.itemsOf(run, "each").map(({ status }) => status),
    where,
  ).toEqual(["succeeded", "succeeded", "succeeded"]);
  expect(
    world.runs("load").map(({ status }) => status),
    where,
  ).toEqual(["succeeded"]);
  expect(world.watch.violations, where).toEqual([]);
}

/** Ids of runs of which more than one attempt was begun, without those that a killed worker had in hand. */
function begunTwice(world: WorkflowWorld): string[] {
  const counts = new Map<string, number>();
  for (const id of world.begun) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

/** A process of the world, whose calls are to fail; and what takes its place when it dies. */
interface Victim {
  readonly pool: string;
  readonly replace: (world: WorkflowWorld) => void;
}

const ENGINE: Victim = {
  pool: ENGINE_POOL,
  replace: (world) => world.addEngine(),
};
const WORKER: Victim = { pool: "default", replace: (world) => void world.addWorker() };
/** Calls beyond these only look for what comes. */
const MAX_CALLS = 150;

/** Plays the workflow with a fault at one call of a process; tells how many calls there were. */
async function play({ pool, replace }: Victim, { fault, call }: { fault: Fault; call: number }) {
  const world = await everything(1);
  const victim = world.workers.find(({ worker }) => worker.pool === pool);
  if (victim === undefined) throw new Error(`There is no worker in pool "${pool}"`);
  const before = victim.faults.calls;
  victim.faults.plan = (number) => (number === before + call ? fault : undefined);
  const run = await world.start("etl");
  await world.advance(3_000);
  const calls = victim.faults.calls - before;
  if (victim.faults.isDead) replace(world);
  await world.advance(AT_LAST_MS, { stepMs: 2_000 });
  return { world, run, calls };
}

describe.each(FAULTS)("when a call fails with %s, the workflow comes to its end all the same", (fault) => {
  it.each([
    ["engine", ENGINE],
    ["worker", WORKER],
  ] as const)("whichever call of the %s it is", async (_, victim) => {
    const { calls } = await play(victim, { fault, call: Infinity });
    expect(calls).toBeGreaterThan(20);
    for (let call = 1; call <= Math.min(calls, MAX_CALLS); call += 1) {
      const { world, run } = await play(victim, { fault, call });
      const where = `${fault} at call ${call}`;
      expect(await world.ended(run), where).toMatchObject({ status: "succeeded" });
      expectAllWell(world, run, where);
      // What a worker had in hand that was killed is done again.
      if (victim === ENGINE) expect(begunTwice(world), where).toEqual([]);
    }
  });
});

interface Deed {
  readonly name: string;
  readonly prepare: (world: WorkflowWorld) => Promise<Run>;
  readonly act: (core: Core, run: Run) => Promise<unknown>;
  /** What must hold in the end, whether or not the deed was acknowledged. */
  readonly after: (world: WorkflowWorld, run: Run, isAcknowledged: boolean) => Promise<void>;
}

const DEEDS: readonly Deed[] = [
  {
    name: "cancelRun",
    async prepare(world) {
      for (const name of ["a", "b", "each", "load", "last"]) world.steps.set(name, () => takes(1_000));
      const run = await world.start("etl");
      await world.advance(1_500);
      return run;
    },
    act: (core, run) => cancelRun(core, run, { by: "ops" }),
    async after(world, run, isAcknowledged) {
      const ended = await world.ended(run);
      if (isAcknowledged) expect(ended.status).toBe("cancelled");
      expect([...world.stepsOf(run), ...world.itemsOf(run, "each"), ...world.runs("load")].every(isEnded)).toBe(true);
    },
  },
  {
    name: "decideApproval",
    async prepare(world) {
      await world.defineWorkflow("ok", workflow({ ok: { approval: { by: ["ops"] } }, b: { needs: ["ok"] } }));
      const run = await world.start("ok");
      await world.advance(1_000);
      return run;
    },
    act: (core, run) => decideApproval(core, stepKey(run, "ok"), { by: "ops", isApproved: true }),
    async after(world, run, isAcknowledged) {
      const { run: ok } = (await world.core.runs.find(stepKey(run, "ok"))) ?? {};
      if (isAcknowledged) expect(ok?.status).toBe("succeeded");
      if (ok?.status === "succeeded") expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    },
  },
  {
    name: "markStep",
    async prepare(world) {
      await world.defineWorkflow("w", workflow({ w: { wait: { for: "30d" } }, b: { needs: ["w"] } }));
      const run = await world.start("w");
      await world.advance(1_000);
      return run;
    },
    act: (core, run) => markStep(core, stepKey(run, "w"), { as: "succeeded", by: "ops" }),
    async after(world, run, isAcknowledged) {
      const { run: w } = (await world.core.runs.find(stepKey(run, "w"))) ?? {};
      if (isAcknowledged) expect(w?.status).toBe("succeeded");
      if (w?.status === "succeeded") expect(await world.ended(run)).toMatchObject({ status: "succeeded" });
    },
  },
  {
    name: "resumeWorkflow",
    async prepare(world) {
      const run = await world.start("etl");
      await world.advance(500);
      await pauseWorkflow(world.core, run, { by: "ops" });
      await world.advance(20_000);
      return run;
    },
    act: (core, run) => resumeWorkflow(core, run),
    async after(world, run, isAcknowledged) {
      const found = await world.find(run);
      if (isAcknowledged || !("hold" in found)) expectAllWell(world, run, "resumed");
    },
  },
  {
    name: "redriveWorkflow",
    async prepare(world) {
      world.steps.set("broken", () => fails());
      await world.defineWorkflow("etl", workflow({ a: {}, broken: { needs: ["a"] }, b: { needs: ["broken"] } }));
      const run = await world.start("etl");
      await world.advance(3_000);
      world.steps.clear();
      world.begun.length = 0;
      return run;
    },
    act: (core, run) => redriveWorkflow(core, run, { by: "ops", definition: "same", from: [], marks: {} }),
    async after(world, _run, isAcknowledged) {
      const again = world.runs("etl").filter(({ cause }) => cause === "rerun");
      if (isAcknowledged) expect(again).toHaveLength(1);
      for (const run of again) {
        expect(run.status).toBe("succeeded");
        expect(world.statuses(run)).toEqual({ a: "succeeded", broken: "succeeded", b: "succeeded" });
      }
      expect(world.begunSteps()).not.toContain("a");
    },
  },
];

describe.each(DEEDS)("$name, interrupted at any call,", ({ prepare, act, after }) => {
  it.each(FAULTS)("leaves nothing half done (%s)", async (fault) => {
    for (let call = 1; ; call += 1) {
      const world = await everything(call);
      const run = await prepare(world);
      const { core, faults } = world.process();
      faults.plan = (number) => (number === call ? fault : undefined);
      const outcome = await faults.orDeath(act(core, run)).catch(() => "failed" as const);
      const isInterrupted = faults.calls >= call;
      await world.advance(AT_LAST_MS, { stepMs: 2_000 });
      await after(world, run, outcome !== "dead" && outcome !== "failed");
      expect(world.watch.violations, `${fault} at call ${call}`).toEqual([]);
      if (!isInterrupted) break;
    }
  });
});
