import { describe, expect, it } from "vitest";
import { ENGINE_POOL } from "../../../core/fleet/pool-size.ts";
import { cancelRun } from "../../../core/services/cancel-run.ts";
import { TRIGGER_RULES } from "../../../core/workflow/definition.ts";
import { executionOf, mirrored, waiting } from "../../support/mirrored.ts";
import type { Fault } from "../../support/port-faults.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { randomGraph } from "../../support/workflow-graphs.ts";
import { fails, type StepsOf, takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";

const HOUR_MS = 3_600_000;

describe("random workflows", () => {
  const SEEDS = 60;
  const FIRST_SEED = 20_261_128;

  it("end in their executions as in the ledger, with each state entered once", async () => {
    const ends = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const random = new SeededRandom(seed);
      const world = new WorkflowWorld({ isMirrored: true, seed });
      const steps = Object.entries(randomGraph(random)).map(([name, step]) => [
        name,
        {
          ...step,
          ...(step.needs?.length === 0 ? {} : { rule: random.pick(TRIGGER_RULES) }),
          allowFailure: random.next() < 0.1,
        },
      ]);
      await world.defineWorkflow("etl", workflow(Object.fromEntries(steps) as StepsOf));
      world.behave = () => (random.next() < 0.05 ? fails(random.between(1, 5_000)) : takes(random.between(1, 5_000)));
      world.queue.fate = () => (random.next() < 0.1 ? "double" : "keep");
      const run = await world.start("etl");
      if (random.next() < 0.2) {
        await world.advance(random.between(1, 5_000));
        await cancelRun(world.core, run, { by: "ops" });
      }
      await world.advance(240_000, { stepMs: 1_000 });

      const ended = await world.ended(run);
      const execution = executionOf(world, run);
      const expected = { succeeded: "SUCCEEDED", failed: "FAILED", cancelled: "ABORTED" }[ended.status as string];
      expect(execution.status, `seed ${seed}, ${ended.status}`).toBe(expected);
      expect(new Set(execution.entered).size, `seed ${seed}`).toBe(execution.entered.length);
      expect(waiting(world, run), `seed ${seed}`).toEqual([]);
      ends.add(execution.status);
    }
    expect(ends).toEqual(new Set(["SUCCEEDED", "FAILED", "ABORTED"]));
  });
});

describe.each<Fault>(["dieBefore", "dieAfter", "unknown", "unavailable"])("when a call fails with %s", (fault) => {
  it.each(["engine", "worker"])("the execution ends as the run does, whichever call of the %s it is", async (who) => {
    const play = async (call: number) => {
      const world = await mirrored({
        a: {},
        bad: {},
        s: { needs: ["a"], switch: { cases: [{ when: "true", choose: ["b"] }], default: ["x"] } },
        b: { needs: ["s"] },
        x: { needs: ["s"] },
      });
      world.steps.set("bad", () => fails());
      const pool = who === "engine" ? ENGINE_POOL : "default";
      const victim = world.workers.find(({ worker }) => worker.pool === pool);
      if (victim === undefined) throw new Error(`There is no worker in pool "${pool}"`);
      const before = victim.faults.calls;
      victim.faults.plan = (number) => (number === before + call ? fault : undefined);
      const run = await world.start("etl");
      await world.advance(15_000);
      const calls = victim.faults.calls - before;
      if (victim.faults.isDead && pool === ENGINE_POOL) world.addEngine();
      else if (victim.faults.isDead) world.addWorker();
      await world.advance(120_000, { stepMs: 2_000 });
      await world.clock.advance(HOUR_MS);
      world.machines.expireHeartbeats();
      await world.advance(60_000, { stepMs: 2_000 });
      return { world, run, calls };
    };
    const { calls } = await play(Infinity);
    expect(calls).toBeGreaterThan(20);
    for (let call = 1; call <= Math.min(calls, 120); call += 1) {
      const { world, run } = await play(call);
      const where = `${fault} at call ${call}`;
      expect((await world.ended(run)).status, where).toBe("failed");
      expect(executionOf(world, run).status, where).toBe("FAILED");
      expect(waiting(world, run), where).toEqual([]);
    }
  });
});
