import { describe, expect, it } from "vitest";
import { AWS_KNOBS } from "../../core/knobs.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import type { Fate, WorkerRecord } from "../../core/worker/worker-record.ts";
import { settleHandler } from "../../functions/settle/settle.ts";
import { World } from "../support/world.ts";
import { MemoryLog } from "./lambda.ts";

const POOLS = { default: { slots: 8, minTasks: 0, maxTasks: 10 } };

function openSettle(fate: Fate | Error = "unknown") {
  const world = new World({ schedulers: 0, workers: 0, knobs: AWS_KNOBS });
  const log = new MemoryLog();
  const sizes: number[] = [];
  const asked: string[] = [];
  const call = (event: unknown, { core } = world.process()) => {
    const { table, queue } = core;
    const fleet = { resize: async (_pool: string, count: number) => void sizes.push(count) };
    const handler = settleHandler({
      core,
      sizer: new PoolSizer({ table, queue, fleet }, POOLS),
      fatesOf: async (processes) => {
        asked.push(...processes.map(({ host }) => host));
        if (fate instanceof Error) throw fate;
        return () => fate;
      },
      log,
    });
    return handler(event);
  };
  return { world, log, sizes, asked, call };
}

function aWorker(world: World): WorkerRecord {
  return {
    id: "task-1",
    pool: "default",
    state: "ready",
    slots: 8,
    running: [],
    startedAtMs: world.clock.nowMs(),
    beat: 1,
    process: { host: "task-1", pid: 1, space: "ecs" },
  };
}

function at(minute: number): { readonly scheduledAt: string } {
  return { scheduledAt: `2026-01-05T09:${String(minute).padStart(2, "0")}:00Z` };
}

describe("the settle function", () => {
  it("gives the runs of a worker whose task has stopped to others, once however often it is called", async () => {
    const { world, log, asked, call } = openSettle("gone");
    await world.core.workers.put(aWorker(world));

    const [first, second] = [await call(at(1)), await call(at(1))];

    expect([first.reaped, second.reaped]).toEqual([["task-1"], []]);
    expect(asked).toContain("task-1");
    expect(log.lines.map(({ event }) => event)).toEqual(["worker reaped", "settle", "settle"]);
    expect(log.lines[0]).toMatchObject({ level: "warn", fields: { worker: "task-1" } });
  });

  it("tells what went wrong and does the rest all the same", async () => {
    const { world, log, call } = openSettle(new Error("ECS does not answer"));
    await world.core.workers.put(aWorker(world));

    const report = await call(at(1));

    expect(report.reaped).toEqual([]);
    expect(log.lines.map(({ event }) => event)).toEqual(["settling failed", "settle"]);
    expect(log.text).toContain("ECS does not answer");
  });

  it("fails when the table can't be read at all, so that it is seen", async () => {
    const { world, call } = openSettle();
    const process = world.process();
    process.faults.plan = () => "unavailable";

    await expect(call(at(1), process)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  it("refuses an instant that is none", async () => {
    const { call } = openSettle();

    await expect(call({ scheduledAt: "soon" })).rejects.toThrow("scheduledAt must be an instant");
  });
});
