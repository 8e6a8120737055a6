import { expect, it } from "vitest";
import { type DeadLetter, MAX_DELAY_MS, type Queue, type QueueName } from "../../core/ports/queue.ts";
import { aMessage, MAX_TRIES, type QueueUnderTest, receiptsOf, receiveAll } from "./queue-messages.ts";

/** Where messages end that nobody deletes. */
export function describeDeadLetters(open: () => Promise<QueueUnderTest>): void {
  it("a message that was never deleted ends as a dead letter, after all its deliveries", async () => {
    const { queue, name, maxReceives } = await open();
    await queue.send(name, [aMessage({ body: '"poison"', group: "team-a" })]);

    const [letter] = await untilDead(queue, name, 1);

    expect(letter).toMatchObject({ body: '"poison"', group: "team-a" });
    expect(letter?.receives).toBeGreaterThanOrEqual(maxReceives);
    expect(await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 1_000 })).toEqual([]);
  });

  it("looking at dead letters leaves them where they are, at most as many as asked for are shown", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage({ body: '"first"' }), aMessage({ body: '"second"' })]);
    await untilDead(queue, name, 2);

    expect(await queue.deadLetters(name, 1)).toHaveLength(1);
    expect(await untilDead(queue, name, 2)).toHaveLength(2);
  });

  it("redrive() makes dead letters messages again, of their own queue alone", async () => {
    const { queue, name, otherName } = await open();
    await queue.send(name, [aMessage({ body: '"poison"', group: "team-a" })]);
    await untilDead(queue, name, 1);

    expect(await queue.redrive(otherName)).toBe(0);
    expect(await queue.redrive(name)).toBe(1);

    expect(await receiveAll(queue, name, 1)).toMatchObject([{ body: '"poison"', group: "team-a" }]);
    expect(await queue.deadLetters(name, 10)).toEqual([]);
  });
}

/** What a Queue tells of how much there is of it. */
export function describeDepth(open: () => Promise<QueueUnderTest>): void {
  it("depth() comes to count what is visible, delayed, in flight and dead", async ({ expect }) => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage({ body: '"poison"' })]);
    await untilDead(queue, name, 1);
    await queue.send(name, [aMessage(), aMessage(), aMessage()]);
    await receiveAll(queue, name, 1, { max: 1 });
    await queue.send(name, [aMessage({ delayMs: MAX_DELAY_MS })]);

    await expect
      .poll(() => queue.depth(name), { timeout: 20_000 })
      .toMatchObject({ visible: 2, delayed: 1, inFlight: 1, deadLetters: 1 });
    expect((await queue.depth(name)).oldestAgeMs ?? 0).toBeGreaterThanOrEqual(0);
  });

  it("depth() of an empty queue is 0 throughout", async () => {
    const { queue, name } = await open();

    expect(await queue.depth(name)).toMatchObject({ visible: 0, delayed: 0, inFlight: 0, deadLetters: 0 });
  });
}

/** Receives and gives back until `count` messages have become dead letters. */
async function untilDead(queue: Queue, name: QueueName, count: number): Promise<readonly DeadLetter[]> {
  let letters = await queue.deadLetters(name, 10);
  for (let tries = 0; tries < MAX_TRIES && letters.length < count; tries++) {
    const messages = await queue.receive(name, { max: 10, waitMs: 100, visibilityMs: 30_000 });
    await queue.extend(name, receiptsOf(messages), 0);
    letters = await queue.deadLetters(name, 10);
  }
  return letters;
}
