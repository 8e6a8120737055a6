import type { SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { AWS_KNOBS } from "../../core/knobs.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import { PoolSizer } from "../../core/services/pool-sizer.ts";
import { engineHandler } from "../../functions/engine/engine.ts";
import { sqsEvent } from "../support/aws/sqs-event.ts";
import { type StepsOf, workflow, WorkflowWorld } from "../support/workflow-world.ts";
import { NAMESPACE } from "../support/world.ts";
import { MemoryLog } from "./lambda.ts";

const POOLS = { default: { slots: 8, minTasks: 0, maxTasks: 10 } };
const VISIBILITY_MS = 360_000;
const HOUR_MS = 3_600_000;

/** A world whose engine is the function, fed by hand as Lambda would; no worker runs. */
class EngineRig {
  readonly world = new WorkflowWorld({ schedulers: 0, workers: 0, knobs: AWS_KNOBS });
  readonly log = new MemoryLog();
  readonly sizes: number[] = [];

  async start(steps: StepsOf) {
    await this.world.defineWorkflow("flow", workflow(steps));
    return this.world.start("flow");
  }

  /** Takes up to ten messages, calls the function, and deletes what it does not keep. */
  async feed({ process = this.world.process() } = {}): Promise<readonly string[]> {
    const options = { max: 10, waitMs: 0, visibilityMs: VISIBILITY_MS };
    const messages = await this.world.queue.receive(ENGINE_QUEUE, options);
    const sizer = this.#sizer();
    const core = { ...process.core, onRung: async (rung: Parameters<PoolSizer["note"]>[0]) => sizer.note(rung) };
    const handler = engineHandler({ core, sizer, log: this.log });
    const answering = handler(sqsEvent(messages));
    await this.world.clock.advance(1_000);
    const { batchItemFailures } = await answering;
    const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = messages.filter(({ receipt }) => !kept.has(receipt));
    await this.world.queue.delete(
      ENGINE_QUEUE,
      done.map(({ receipt }) => receipt),
    );
    return [...kept];
  }

  /** Brings what is delayed at once. */
  async hasten(): Promise<void> {
    const { queue } = this.world;
    const messages = queue.bodies().map((body) => ({ body, group: NAMESPACE, delayMs: 0 }));
    queue.lose();
    await queue.send(ENGINE_QUEUE, messages);
  }

  depth() {
    return this.world.queue.depth(ENGINE_QUEUE);
  }

  #sizer(): PoolSizer {
    const { table, queue } = this.world.core;
    const fleet = { resize: async (_pool: string, count: number) => void this.sizes.push(count) };
    return new PoolSizer({ table, queue, fleet }, POOLS);
  }
}

describe("the engine function", () => {
  it("begins a workflow, rings for its first steps and wakes their pool", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ a: {}, b: { needs: ["a"] } });

    expect(await rig.feed()).toEqual([]);

    expect(rig.world.statuses(run)).toEqual({ a: "queued" });
    expect(await rig.depth()).toMatchObject({ visible: 0, inFlight: 0 });
    expect(rig.sizes).toEqual([1]);
    expect(rig.log.lines).toMatchObject([{ event: "engine", fields: { deleted: 1, hidden: 0, failed: 0 } }]);
  });

  it("ends a wait when its time has come", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ rest: { wait: { for: "2s" } } });
    await rig.feed();
    expect(rig.world.statuses(run)).toEqual({ rest: "running" });
    await rig.world.clock.advance(1_000);

    expect(await rig.feed()).toEqual([]);

    expect((await rig.world.ended(run)).status).toBe("succeeded");
  });

  it("waits for a message that comes within a second of being due, and is on time", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ rest: { wait: { for: "3s" } } });
    await rig.feed();
    await rig.world.clock.advance(1_200);
    await rig.hasten();

    expect(await rig.feed()).toEqual([]);

    const rest = await rig.world.step(run, "rest");
    expect(rest).toMatchObject({ status: "succeeded", endedAtMs: rest.dueAtMs + 3_000 });
  });

  it("hides a message that is early, keeps it, and handles it when it comes again", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ rest: { wait: { for: "5m" } } });
    await rig.feed();
    await rig.hasten();

    expect(await rig.feed()).toHaveLength(1);

    expect(await rig.depth()).toMatchObject({ visible: 0, inFlight: 1 });
    expect(rig.log.lines.at(-1)).toMatchObject({ event: "engine", fields: { deleted: 0, hidden: 1, failed: 0 } });
    await rig.world.clock.advance(300_000);
    expect(await rig.feed()).toEqual([]);
    expect((await rig.world.ended(run)).status).toBe("succeeded");
  });

  it("hides no message for longer than SQS allows", async () => {
    const rig = new EngineRig();
    const hidden: number[] = [];
    const process = rig.world.process();
    process.core.queue.extend = async (_queue, _receipts, ms) => void hidden.push(ms);
    await rig.world.queue.send(ENGINE_QUEUE, [
      {
        body: JSON.stringify({
          v: 1,
          namespace: "n",
          job: "j",
          stamp: "s",
          dueAtMs: rig.world.clock.nowMs() + 24 * HOUR_MS,
        }),
        group: "n",
        delayMs: 0,
      },
    ]);

    expect(await rig.feed({ process })).toHaveLength(1);

    expect(hidden).toHaveLength(1);
    expect(hidden[0]).toBeGreaterThan(11 * HOUR_MS);
    // What has passed since it was received counts too.
    expect(hidden[0]).toBeLessThanOrEqual(12 * HOUR_MS - VISIBILITY_MS - 60_000);
  });

  it("keeps a message that fails, tells why, and lets it come again after a short rest; the others are done", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ a: {} });
    await rig.world.defineWorkflow("broken", workflow({ a: {} }));
    await rig.world.start("broken");
    const process = rig.world.process();
    const find = process.core.jobs.find.bind(process.core.jobs);
    process.core.jobs.find = (namespace, name) =>
      name === "broken" ? Promise.reject(new Error("the item is broken")) : find(namespace, name);

    expect(await rig.feed({ process })).toHaveLength(1);

    expect(rig.world.statuses(run)).toEqual({ a: "queued" });
    expect(rig.log.lines[0]).toMatchObject({
      level: "error",
      event: "message failed",
      fields: { run: expect.stringContaining("default.broken@") as string, receives: 1 },
    });
    expect(rig.log.lines.at(-1)).toMatchObject({ fields: { deleted: 1, hidden: 0, failed: 1 } });
    expect(await rig.depth()).toMatchObject({ visible: 0, inFlight: 1 });
    await rig.world.clock.advance(1_000);
    expect(await rig.depth()).toMatchObject({ visible: 1 });
    expect(await rig.feed()).toEqual([]);
    expect(rig.world.statuses(rig.world.runs("broken")[0] ?? run)).toEqual({ a: "queued" });
  });

  it("does nothing more when it is fed the same messages twice, at once or later", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ a: {}, b: {}, rest: { wait: { for: "1h" } } });
    const options = { max: 10, waitMs: 0, visibilityMs: VISIBILITY_MS };
    const event = sqsEvent(await rig.world.queue.receive(ENGINE_QUEUE, options));
    const call = () => {
      const { core } = rig.world.process();
      return engineHandler({ core, sizer: { grow: () => Promise.resolve() }, log: rig.log })(event);
    };

    const answers = [...(await Promise.all([call(), call()])), await call()];

    expect(answers).toEqual(answers.map(() => ({ batchItemFailures: [] })));
    expect(rig.world.statuses(run)).toEqual({ a: "queued", b: "queued", rest: "running" });
    const rung = rig.world.queue.bodies().filter((body) => body.includes('.a"'));
    expect(rung).toHaveLength(1);
  });

  it("lets a message rest that it can't read", async () => {
    const rig = new EngineRig();
    await rig.world.queue.send(ENGINE_QUEUE, [{ body: '{"v":2}', group: "n", delayMs: 0 }]);

    expect(await rig.feed()).toHaveLength(1);

    expect(await rig.depth()).toMatchObject({ visible: 0, inFlight: 1 });
  });

  it("tells that pools could not be woken, and has done the rest", async () => {
    const rig = new EngineRig();
    const run = await rig.start({ a: {} });
    const [message] = await rig.world.queue.receive(ENGINE_QUEUE, { max: 1, waitMs: 0, visibilityMs: VISIBILITY_MS });
    const sizer = { grow: () => Promise.reject(new Error("ECS does not answer")) };
    const handler = engineHandler({ core: rig.world.process().core, sizer, log: rig.log });

    expect(await handler(sqsEvent(message === undefined ? [] : [message]))).toEqual({ batchItemFailures: [] });

    expect(rig.world.statuses(run)).toEqual({ a: "queued" });
    expect(rig.log.lines.map(({ event }) => event)).toEqual(["wake failed", "engine"]);
  });

  it.each([undefined, null, {}, { Records: [{ eventSource: "aws:sns" }] }])("refuses the event %j", async (event) => {
    const { core } = new EngineRig().world.process();
    const handler = engineHandler({ core, sizer: { grow: () => Promise.resolve() }, log: new MemoryLog() });

    await expect(handler(event as SQSEvent)).rejects.toThrow("it must be a batch of messages of SQS");
  });
});
