import { describe, expect, it } from "vitest";
import { AWS_KNOBS } from "../../../core/knobs.ts";
import { isHeld } from "../../../core/run/run.ts";
import { PoolSizer } from "../../../core/services/pool-sizer.ts";
import { settle } from "../../../core/services/settle.ts";
import { tick } from "../../../core/services/tick.ts";
import { NAMESPACE, World } from "../../support/world.ts";

const MINUTE_MS = 60_000;
const POOLS = { default: { slots: 8, minTasks: 0, maxTasks: 10 } };

/** One call in a process of its own, as in a function that was never called before. */
function settleOnce(world: World) {
  const { core } = world.process();
  const fleet = { resize: () => Promise.resolve() };
  const sizer = new PoolSizer({ ...core, fleet }, POOLS);
  return settle(core, { sizer, fatesOf: () => Promise.resolve(() => "unknown"), onError: fail });
}

async function aWorldWithARun(): Promise<World> {
  const world = new World({ schedulers: 0, workers: 2, knobs: AWS_KNOBS });
  await world.define({ name: "long", schedule: { at: new Date(world.clock.nowMs() + 5_000).toISOString() } });
  world.behave = () => ({ takesMs: 10 * MINUTE_MS, result: { kind: "succeeded" } });
  await world.advance(6_000);
  return world;
}

async function minute(world: World): Promise<void> {
  await world.advance(MINUTE_MS, { stepMs: 5_000 });
  const now = world.clock.nowMs();
  await tick(world.process().core, {
    scheduledAtMs: now,
    deadlineMs: now + 50_000,
    onError: (error) => world.errors.push(error),
  });
}

function killHolder(world: World): void {
  const [run] = world.runs("long");
  const holder = run !== undefined && isHeld(run) ? run.worker.id : "";
  world.killWorker(world.workers.findIndex(({ worker }) => worker.id === holder));
}

function fail(error: unknown): never {
  throw error;
}

describe("settle()", () => {
  it("gives the runs of a silent worker to another, though no two calls share a memory", async () => {
    const world = await aWorldWithARun();
    killHolder(world);
    expect((await settleOnce(world)).reaped).toEqual([]);
    await minute(world);
    expect((await settleOnce(world)).reaped).toHaveLength(1);
    await minute(world);

    expect(world.runs("long")).toMatchObject([{ status: "running", attempt: 2, attempts: [{ outcome: "lost" }] }]);
    expect(world.watch.violations).toEqual([]);
  });

  it("does so at once when the fleet knows that the worker is gone", async () => {
    const world = await aWorldWithARun();
    killHolder(world);
    const living = world.workers.map(({ worker }) => worker.id);
    const { core } = world.process();
    const sizer = new PoolSizer({ ...core, fleet: { resize: () => Promise.resolve() } }, POOLS);
    const records = await core.workers.list("default");
    for (const record of records)
      await core.workers.put({ ...record, process: { host: record.id, pid: 1, space: "ecs" } });
    const report = await settle(core, {
      sizer,
      fatesOf: () => Promise.resolve(({ host }) => (living.includes(host) ? "unknown" : "gone")),
      onError: fail,
    });
    expect(report.reaped).toHaveLength(1);
  });

  it("leaves a living worker alone, whatever time passes between two calls", async () => {
    const world = await aWorldWithARun();
    for (let call = 0; call < 4; call += 1) {
      await minute(world);
      expect((await settleOnce(world)).reaped).toEqual([]);
    }
  });

  it("finds, some time, the slot that no row accounts for, and names its job", async () => {
    const world = new World({ schedulers: 0, knobs: AWS_KNOBS });
    for (let i = 0; i < 45; i += 1) await world.define({ name: `other-${i}`, schedule: { cron: "0 0 1 1 *" } });
    await world.define({ name: "zebra", schedule: { cron: "* * * * *" } });
    for (let passed = 0; passed < 40; passed += 1) await minute(world);
    const [, , , victim] = world.runs("zebra");
    await world.table.delete({ pk: `run#${NAMESPACE}#zebra`, sk: victim?.stamp ?? "" }, "any");

    const findings = [];
    for (let call = 0; call < 45; call += 1) {
      findings.push(...(await settleOnce(world)).findings);
      await world.clock.advance(MINUTE_MS);
    }

    expect(findings).toEqual([{ namespace: NAMESPACE, job: "zebra", unexplained: 1, slots: [victim?.slotAtMs] }]);
  });
});
