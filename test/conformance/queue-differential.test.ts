import { describe, expect, it } from "vitest";
import type { Queue } from "../../core/ports/queue.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryQueue } from "../support/memory-queue.ts";
import { openTemporaryStore } from "../support/temporary-store.ts";
import { type ClockedQueue, holdQueuesToSameAnswers } from "./queue-differential.ts";

const MAX_RECEIVES = 3;
const OPERATIONS = 400;

describe(`Queues in memory and in SQLite give the same answers to ${OPERATIONS} operations`, () => {
  it.each(Array.from({ length: 30 }, (_, index) => 8_000 + index))("with seed %i", async (seed) => {
    await expect(holdQueuesToSameAnswers(openBoth, { seed, operations: OPERATIONS })).resolves.toBeUndefined();
  });
});

describe("The comparison of queues finds", () => {
  it.each<{ what: string; plant: (queue: Queue) => Partial<Queue>; atMost: number }>([
    {
      what: "a delay that is rounded up",
      plant: (queue) => ({
        send: (name, messages) =>
          queue.send(
            name,
            messages.map((each) => ({ ...each, delayMs: Math.ceil(each.delayMs / 1_000) * 1_000 })),
          ),
      }),
      atMost: 4,
    },
    {
      what: "a delete of some alone",
      plant: (queue) => ({ delete: (name, receipts) => queue.delete(name, receipts.slice(0, 1)) }),
      atMost: 5,
    },
    {
      what: "a redrive that loses one",
      plant: (queue) => ({
        redrive: async (name) => {
          const count = await queue.redrive(name);
          const [first] = await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 0 });
          if (first !== undefined) await queue.delete(name, [first.receipt]);
          return count;
        },
      }),
      atMost: 9,
    },
  ])("$what, and shows it in a few operations", async ({ plant, atMost }) => {
    const open = () => ({ memory: inMemory(), planted: overlaid(inMemory(), plant) });

    const error = await holdQueuesToSameAnswers(open, { seed: 8_000, operations: 1_000 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(Number(/after these (\d+) operations/.exec((error as Error).message)?.[1])).toBeLessThanOrEqual(atMost);
  });
});

function openBoth() {
  return { memory: inMemory(), sqlite: inSqlite() };
}

function inMemory(): ClockedQueue {
  const clock = new ManualClock();
  return { queue: new MemoryQueue(clock, { maxReceives: MAX_RECEIVES }), clock };
}

function inSqlite(): ClockedQueue {
  const clock = new ManualClock();
  return { queue: openTemporaryStore({ clock, maxReceives: MAX_RECEIVES }).queue, clock };
}

function overlaid({ queue, clock }: ClockedQueue, plant: (queue: Queue) => Partial<Queue>): ClockedQueue {
  return {
    clock,
    queue: {
      send: (name, messages) => queue.send(name, messages),
      receive: (name, options) => queue.receive(name, options),
      extend: (name, receipts, visibilityMs) => queue.extend(name, receipts, visibilityMs),
      delete: (name, receipts) => queue.delete(name, receipts),
      depth: (name) => queue.depth(name),
      deadLetters: (name, max) => queue.deadLetters(name, max),
      redrive: (name) => queue.redrive(name),
      ...plant(queue),
    },
  };
}
