import { describe, expect, it } from "vitest";
import { AWS_KNOBS } from "../../core/knobs.ts";
import type { Pace } from "../../core/ports/timer.ts";
import { Pacer } from "../../core/services/pace.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { tickHandler } from "../../functions/tick/tick.ts";
import { START_MS, World } from "../support/world.ts";
import { lambdaContext, MemoryLog } from "./lambda.ts";

const KNOBS = { ...AWS_KNOBS, shards: 2, lookAheadMs: 180_000, leadMs: 130_000 };
/** By then a job is to be visited again after it was defined. */
const LATER_MS = 150_000;
const POOLS = { default: { slots: 8, minTasks: 0, maxTasks: 10 } };

/** A world whose scheduler is the function, each call in a container of its own. */
class TickRig {
  readonly world = new World({ schedulers: 0, knobs: KNOBS });
  readonly log = new MemoryLog();
  readonly paces: Pace[] = [];
  readonly sizes: number[] = [];

  call(event: unknown, { leftMs = 55_000, process = this.world.process() } = {}) {
    const { core } = process;
    const { table, queue, clock } = core;
    const fleet = { resize: async (_pool: string, count: number) => void this.sizes.push(count) };
    const timer = { setPace: async (pace: Pace) => void this.paces.push(pace) };
    const sizer = new PoolSizer({ table, queue, fleet }, POOLS);
    const handler = tickHandler({ core, sizer, pacer: new Pacer({ table, timer, clock }), groups: 1, log: this.log });
    return handler(event, lambdaContext({ getRemainingTimeInMillis: () => leftMs }));
  }

  /** As EventBridge Scheduler writes it. */
  event(): { readonly scheduledAt: string } {
    return { scheduledAt: new Date(this.world.clock.nowMs()).toISOString().replace(".000Z", "Z") };
  }
}

describe("the tick function", () => {
  it("sends what is due to its queue and wakes the pool", async () => {
    const rig = new TickRig();
    await rig.world.define({ name: "report", schedule: { cron: "* * * * *" } });
    await rig.world.clock.advance(LATER_MS);

    const report = await rig.call(rig.event());

    expect(report).toMatchObject({ kind: "done", failed: 0, isCut: false, pace: "steady" });
    expect(rig.world.queue.bodies().length).toBeGreaterThan(0);
    expect(rig.sizes).toEqual([1]);
    expect(rig.log.lines).toMatchObject([
      { level: "info", event: "tick", fields: { kind: "done", scheduledAtMs: START_MS + LATER_MS } },
    ]);
  });

  it("does nothing more when it is called twice with the same event, at once or later", async () => {
    const rig = new TickRig();
    await rig.world.define({ name: "report", schedule: { cron: "* * * * *" } });
    await rig.world.clock.advance(LATER_MS);
    const event = rig.event();

    const first = await Promise.all([rig.call(event), rig.call(event)]);
    const sent = rig.world.queue.bodies().length;
    await rig.world.clock.advance(30_000);
    const later = await rig.call(event);

    expect(first.map(({ kind }) => kind).toSorted()).toEqual(["done", "superseded"]);
    expect(later).toEqual({ kind: "superseded" });
    expect(rig.world.queue.bodies()).toHaveLength(sent);
  });

  it("begins nothing when there is no time left to end it", async () => {
    const rig = new TickRig();
    await rig.world.define({ name: "report", schedule: { cron: "* * * * *" } });
    await rig.world.clock.advance(LATER_MS);

    expect(await rig.call(rig.event(), { leftMs: 9_000 })).toMatchObject({ visited: 0, isCut: true });
  });

  it("slows its timer down when nothing is due for long", async () => {
    const rig = new TickRig();

    expect(await rig.call(rig.event())).toMatchObject({ kind: "done", pace: "slow" });
    expect(rig.paces).toEqual(["slow"]);
  });

  it("tells of an entry that fails, and goes on with the others", async () => {
    const rig = new TickRig();
    for (const name of ["a", "b"]) await rig.world.define({ name, schedule: { cron: "* * * * *" } });
    await rig.world.clock.advance(LATER_MS);
    const process = rig.world.process();
    const find = process.core.jobs.find.bind(process.core.jobs);
    process.core.jobs.find = (namespace, name) =>
      name === "a" ? Promise.reject(new Error("the item is broken")) : find(namespace, name);

    const calling = rig.call(rig.event(), { process });
    // It tries again after a while, within the time that it has.
    for (let second = 0; second < 60; second += 1) await rig.world.clock.advance(1_000);
    const report = await calling;

    const sent = rig.world.queue.bodies().filter((body) => body.includes("20260105T100400.000Z"));
    expect(sent).toEqual([expect.stringContaining('"job":"b"')]);
    const events = rig.log.lines.map(({ event }) => event);
    expect(report).toMatchObject({ kind: "done", failed: events.length - 1 });
    expect(new Set(events)).toEqual(new Set(["visit failed", "tick"]));
  });

  it("fails when the table can't be reached, so that it is seen", async () => {
    const rig = new TickRig();
    const process = rig.world.process();
    process.faults.plan = () => "unavailable";

    await expect(rig.call(rig.event(), { process })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it.each([undefined, null, {}])("takes %j, of a person who invokes it, to mean now", async (event) => {
    const rig = new TickRig();

    expect(await rig.call(event)).toMatchObject({ kind: "done" });
    expect(rig.log.lines).toMatchObject([{ fields: { scheduledAtMs: START_MS } }]);
  });

  it("visits the shards of its group, beside a tick of the other group for the same instant", async () => {
    const rig = new TickRig();
    const { scheduledAt } = rig.event();

    const reports = [0, 1, 1].map((index) => rig.call({ scheduledAt, group: { index, count: 2 } }));

    expect((await Promise.all(reports)).map(({ kind }) => kind).toSorted()).toEqual(["done", "done", "superseded"]);
  });

  it.each([[{ index: 2, count: 2 }], [{ index: -1, count: 2 }], [{ index: 0 }], ["first"]])(
    "refuses the group %j",
    async (group) => {
      await expect(new TickRig().call({ group })).rejects.toThrow("Cannot read the event: group must be");
    },
  );

  it.each([
    ["<aws.scheduler.scheduled-time>", "must be an instant such as 2026-11-22T15:00:00Z"],
    [1_795_359_600_000, "must be an instant such as 2026-11-22T15:00:00Z; got 1795359600000"],
    ["2026-13-40T99:00:00Z", "must be an instant"],
    ["2099-01-01T00:00:00Z", 'must not lie in the future; got "2099-01-01T00:00:00Z"'],
  ])("refuses to be scheduled at %j", async (scheduledAt, rule) => {
    const rig = new TickRig();

    await expect(rig.call({ scheduledAt })).rejects.toThrow(`Cannot read the event: scheduledAt ${rule}`);
    expect(rig.world.table.dump("")).toEqual([]);
  });
});
