import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Doorbell } from "../../../adapters/embedded/doorbell.ts";
import type { Queue, ReceivedMessage } from "../../../core/ports/queue.ts";
import { queueConformance } from "../../conformance/queue-conformance.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { openTemporaryStore } from "../../support/temporary-store.ts";

queueConformance("SqliteQueue", async () => {
  const maxReceives = 3;
  const { queue } = openTemporaryStore({ maxReceives });
  return { queue, name: "default.normal", otherName: "default.high", maxReceives };
});

describe("SqliteQueue shares among groups", () => {
  it("in equal parts when all have enough", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 50, b: 50, c: 50 });

    expect(countsOf(await take(queue, 30))).toEqual({ a: 10, b: 10, c: 10 });
  });

  it("giving what some leave to the others", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 50, b: 3, c: 1 });

    expect(countsOf(await take(queue, 30))).toEqual({ a: 26, b: 3, c: 1 });
  });

  it("in turn when fewer are asked for than there are groups", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 9, b: 9, c: 9 });

    const groups: string[] = [];
    for (let round = 0; round < 6; round++) groups.push(...(await take(queue, 1)).map((message) => message.group));

    expect(groups).toEqual(["a", "b", "c", "a", "b", "c"]);
  });

  it("beginning behind the one served last when that one has nothing left, or came between", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { b: 1, d: 2 });
    expect(countsOf(await take(queue, 1))).toEqual({ b: 1 });
    await sendTo(queue, { a: 1, c: 1 });

    const groups: string[] = [];
    for (let round = 0; round < 4; round++) groups.push(...(await take(queue, 1)).map((message) => message.group));

    expect(groups).toEqual(["c", "d", "a", "d"]);
  });

  it("giving all there is when more are asked for", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 5, b: 700, c: 1 });

    expect(countsOf(await take(queue, 1_000))).toEqual({ a: 5, b: 700, c: 1 });
    expect(await take(queue, 1_000)).toEqual([]);
  });

  it("passing over groups whose messages are all delayed or in flight", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { b: 1 });
    await take(queue, 1);
    await queue.send("q", [{ body: "0", group: "a", delayMs: 60_000 }]);
    await sendTo(queue, { c: 2 });

    expect(countsOf(await take(queue, 10))).toEqual({ c: 2 });
  });
});

describe("SqliteQueue keeps time", () => {
  it("a delay to the millisecond", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    await queue.send("q", [{ body: "0", group: "a", delayMs: 1_500 }]);

    await clock.advance(1_499);
    expect(await take(queue, 1)).toEqual([]);
    await clock.advance(1);
    expect(await take(queue, 1)).toHaveLength(1);
  });

  it("when very many messages become visible at one instant", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    const sent = Array.from({ length: 2_500 }, (_, index) =>
      queue.send("q", [{ body: `${index}`, group: `g${index % 3}`, delayMs: 1_000 }]),
    );
    await Promise.all(sent);
    await clock.advance(1_000);

    expect((await queue.depth("q")).visible).toBe(2_500);
    const seen = new Set<string>();
    for (let round = 0; round < 5; round++) for (const { body } of await take(queue, 500)) seen.add(body);
    expect(seen.size).toBe(2_500);
  });

  it("waking a waiting receive when the first delay is over", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    await queue.send("q", [{ body: "late", group: "a", delayMs: 9_000 }]);
    await queue.send("q", [{ body: "early", group: "b", delayMs: 300 }]);
    const waiting = queue.receive("q", { max: 10, waitMs: 20_000, visibilityMs: 1_000 });
    await expect.poll(() => clock.sleeping).toBe(1);

    await clock.advance(300);

    expect(await waiting).toMatchObject([{ body: "early" }]);
  });

  it("waking a waiting receive when a hidden message becomes visible again", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    await sendTo(queue, { a: 1 });
    await take(queue, 1, { visibilityMs: 400 });
    const waiting = queue.receive("q", { max: 10, waitMs: 20_000, visibilityMs: 1_000 });
    await expect.poll(() => clock.sleeping).toBe(1);

    await clock.advance(400);

    expect(await waiting).toMatchObject([{ receives: 2 }]);
  });

  it("looking again after a step of the wall clock, without a ring", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    await queue.send("q", [{ body: "0", group: "a", delayMs: 600_000 }]);
    const waiting = queue.receive("q", { max: 1, waitMs: 20_000, visibilityMs: 1_000 });
    await expect.poll(() => clock.sleeping).toBe(1);

    clock.stepWall(600_000);
    await clock.advance(500);

    expect(await waiting).toHaveLength(1);
  });

  it("the age of the oldest message from when it became visible", async () => {
    const clock = new ManualClock();
    const { queue } = openTemporaryStore({ clock });
    await queue.send("q", [{ body: "0", group: "a", delayMs: 1_000 }]);
    await clock.advance(3_500);
    await sendTo(queue, { b: 1 });

    expect(await queue.depth("q")).toEqual({ visible: 2, delayed: 0, inFlight: 0, deadLetters: 0, oldestAgeMs: 2_500 });
  });
});

describe("SqliteQueue", () => {
  it("gives each message to one of many concurrent receivers", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 150, b: 150 });

    const messages = (await Promise.all(Array.from({ length: 40 }, () => take(queue, 10)))).flat();

    expect(messages).toHaveLength(300);
    expect(new Set(messages.map((message) => message.receipt)).size).toBe(300);
  });

  it("never uses an id again, so that an old receipt cannot mean a new message", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 1 });
    const [old] = await take(queue, 1);
    await queue.delete("q", [old?.receipt ?? ""]);
    await sendTo(queue, { a: 1 });
    const [young] = await take(queue, 1);

    await queue.delete("q", [old?.receipt ?? ""]);

    expect(young?.receipt).not.toBe(old?.receipt);
    expect((await queue.depth("q")).inFlight).toBe(1);
  });

  it("rings when messages are given back, not when their hold is renewed", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 1 });
    const receipts = (await take(queue, 1)).map(({ receipt }) => receipt);
    const ring = vi.spyOn(Doorbell.prototype, "ring");
    onTestFinished(() => ring.mockRestore());

    await queue.extend("q", receipts, 4_000);
    expect(ring).not.toHaveBeenCalled();
    await queue.extend("q", receipts, 0);
    expect(ring).toHaveBeenCalledExactlyOnceWith("q");
  });

  it("ignores a receipt of another queue", async () => {
    const { queue } = openTemporaryStore();
    await sendTo(queue, { a: 1 });
    const [message] = await take(queue, 1);

    await queue.delete("other", [message?.receipt ?? ""]);

    expect((await queue.depth("q")).inFlight).toBe(1);
  });

  it("moves many poisonous messages to the dead letters while it delivers the good ones", async () => {
    const { queue } = openTemporaryStore({ maxReceives: 1 });
    await sendTo(queue, { a: 30 });
    await take(queue, 30, { visibilityMs: 0 });
    await sendTo(queue, { b: 10 });

    const messages = await take(queue, 100);

    expect(countsOf(messages)).toEqual({ b: 10 });
    expect(await queue.deadLetters("q", 100)).toHaveLength(30);
    expect(await queue.redrive("q")).toBe(30);
    expect(countsOf(await take(queue, 100))).toEqual({ a: 30 });
  });
});

async function sendTo(queue: Queue, counts: Readonly<Record<string, number>>): Promise<void> {
  const sent = Object.entries(counts).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => queue.send("q", [{ body: `${index}`, group, delayMs: 0 }])),
  );
  await Promise.all(sent);
}

function take(queue: Queue, max: number, { visibilityMs = 60_000 } = {}): Promise<readonly ReceivedMessage[]> {
  return queue.receive("q", { max, waitMs: 0, visibilityMs });
}

function countsOf(messages: readonly ReceivedMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group } of messages) counts[group] = (counts[group] ?? 0) + 1;
  return counts;
}
