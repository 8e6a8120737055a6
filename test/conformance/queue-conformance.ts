import { describe, expect, it } from "vitest";
import type { DeadLetter, OutgoingMessage, Queue, QueueName, ReceivedMessage } from "../../core/ports/queue.ts";
import { MAX_DELAY_MS, MAX_SEND } from "../../core/ports/queue.ts";

export interface QueueUnderTest {
  readonly queue: Queue;
  /** Two empty queues that no other test uses. */
  readonly name: QueueName;
  readonly otherName: QueueName;
  /** Deliveries before a message moves to the dead letters; small. */
  readonly maxReceives: number;
}

/** What a stand-in for a service may lack; whoever says so gives the reason. */
export interface QueueCapabilities {
  /** Shares among groups. @default true */
  readonly sharesFairly?: boolean;
  /** Takes characters beyond the Basic Multilingual Plane in bodies. @default true */
  readonly takesAllCharacters?: boolean;
}

/**
 * What every Queue promises. Written for services that share fairly but not exactly, that may deliver twice and count
 * roughly, and that keep time in whole seconds.
 */
export function queueConformance(
  name: string,
  open: () => Promise<QueueUnderTest>,
  { sharesFairly = true, takesAllCharacters = true }: QueueCapabilities = {},
): void {
  describe(`${name} keeps the Queue port`, () => {
    describeDelivery(open, takesAllCharacters ? "\u{1f514}" : "\u2407");
    describeVisibility(open);
    describeWaiting(open);
    if (sharesFairly) describeFairness(open);
    describeDeadLetters(open);
    describeDepth(open);
    describeLimits(open);
  });
}

function describeDelivery(open: () => Promise<QueueUnderTest>, bell: string): void {
  it("a message arrives with its body, group and number of deliveries", async () => {
    const { queue, name } = await open();
    const body = JSON.stringify({ runId: "default.report@1", text: `ä "quoted" ${bell}\n` });

    expect(await queue.send(name, [{ body, group: "team-a", delayMs: 0 }])).toEqual([]);

    const [message] = await receiveAll(queue, name, 1);
    expect(message).toEqual({ body, group: "team-a", receipt: expect.any(String) as string, receives: 1 });
  });

  it("every message of full batches arrives, and none after all are deleted", async () => {
    const { queue, name } = await open();
    const bodies = Array.from({ length: 5 * MAX_SEND }, (_, index) => `"${index}"`);
    for (let from = 0; from < bodies.length; from += MAX_SEND) {
      await sendAll(
        queue,
        name,
        bodies.slice(from, from + MAX_SEND).map((body) => aMessage({ body })),
      );
    }

    const messages = await receiveAll(queue, name, bodies.length);
    await queue.delete(
      name,
      messages.map((message) => message.receipt),
    );

    expect(new Set(messages.map((message) => message.body))).toEqual(new Set(bodies));
    expect(await queue.receive(name, { max: 10, waitMs: 0, visibilityMs: 1_000 })).toEqual([]);
  });

  it("receive() gives at most as many as asked for", async () => {
    const { queue, name } = await open();
    await sendAll(
      queue,
      name,
      Array.from({ length: 5 }, () => aMessage()),
    );

    const messages = await queue.receive(name, { max: 3, waitMs: 5_000, visibilityMs: 30_000 });

    expect(messages.length).toBeGreaterThan(0);
    expect(messages.length).toBeLessThanOrEqual(3);
  });

  it("concurrent receivers together get everything", async () => {
    const { queue, name } = await open();
    const bodies = Array.from({ length: 60 }, (_, index) => `"${index}"`);
    await Promise.all(
      chunksOf(bodies, MAX_SEND).map((chunk) =>
        sendAll(
          queue,
          name,
          chunk.map((body) => aMessage({ body })),
        ),
      ),
    );

    const seen = new Set<string>();
    await Promise.all(Array.from({ length: 6 }, () => receiveInto(seen, queue, name, bodies.length)));

    expect(seen).toEqual(new Set(bodies));
  });

  it("queues are apart", async () => {
    const { queue, name, otherName } = await open();
    await queue.send(name, [aMessage({ body: '"here"' })]);
    await queue.send(otherName, [aMessage({ body: '"there"' })]);

    expect((await receiveAll(queue, otherName, 1)).map((message) => message.body)).toEqual(['"there"']);
    expect((await receiveAll(queue, name, 1)).map((message) => message.body)).toEqual(['"here"']);
  });

  it("sending nothing sends nothing", async () => {
    const { queue, name } = await open();

    expect(await queue.send(name, [])).toEqual([]);
    expect(await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 1_000 })).toEqual([]);
  });
}

function describeVisibility(open: () => Promise<QueueUnderTest>): void {
  it("a received message is hidden from others", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);
    await receiveAll(queue, name, 1);

    expect(await queue.receive(name, { max: 1, waitMs: 1_000, visibilityMs: 30_000 })).toEqual([]);
  });

  it("a message that was not deleted in time arrives again, as another delivery", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);

    const [first] = await receiveAll(queue, name, 1, { visibilityMs: 1_000 });
    const [second] = await receiveAll(queue, name, 1);

    expect(second).toMatchObject({ body: first?.body, group: first?.group, receives: 2 });
    expect(second?.receipt).not.toBe(first?.receipt);
  });

  it("a deleted message does not arrive again", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);
    const [message] = await receiveAll(queue, name, 1, { visibilityMs: 1_000 });
    await queue.delete(name, receiptsOf([message]));

    expect(await queue.receive(name, { max: 1, waitMs: 2_000, visibilityMs: 1_000 })).toEqual([]);
  });

  it("extend() keeps a message hidden beyond its first time", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);
    const [message] = await receiveAll(queue, name, 1, { visibilityMs: 1_000 });
    await queue.extend(name, receiptsOf([message]), 30_000);

    expect(await queue.receive(name, { max: 1, waitMs: 2_000, visibilityMs: 1_000 })).toEqual([]);
  });

  it("extend() by 0 makes messages visible at once, many in one call", async () => {
    const { queue, name } = await open();
    await sendAll(
      queue,
      name,
      Array.from({ length: MAX_SEND }, () => aMessage()),
    );
    await sendAll(
      queue,
      name,
      Array.from({ length: MAX_SEND }, () => aMessage()),
    );
    const messages = await receiveAll(queue, name, 2 * MAX_SEND);

    await queue.extend(name, receiptsOf(messages), 0);

    const again = await receiveAll(queue, name, 2 * MAX_SEND);
    expect(again.map((message) => message.receives)).toEqual(messages.map(() => 2));
  });

  it("a receipt of a former delivery neither deletes nor extends", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);
    const former = receiptsOf(await receiveAll(queue, name, 1));
    await queue.extend(name, former, 0);
    const latest = receiptsOf(await receiveAll(queue, name, 1, { visibilityMs: 30_000 }));

    await queue.extend(name, former, 0);
    expect(await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 30_000 })).toEqual([]);

    await queue.delete(name, former);
    await queue.extend(name, latest, 0);
    expect(await receiveAll(queue, name, 1)).toHaveLength(1);
  });

  it("receipts that name nothing are ignored, and those beside them work", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage()]);
    const [receipt = ""] = receiptsOf(await receiveAll(queue, name, 1));

    await queue.delete(name, []);
    await queue.extend(name, ["nonsense", receipt, ""], 0);
    const [again = ""] = receiptsOf(await receiveAll(queue, name, 1, { visibilityMs: 1_000 }));
    await queue.delete(name, ["nonsense", again, again]);

    expect(await queue.receive(name, { max: 1, waitMs: 1_500, visibilityMs: 1_000 })).toEqual([]);
  });
}

function describeWaiting(open: () => Promise<QueueUnderTest>): void {
  it("a delayed message does not arrive before its delay is over, and then does", async () => {
    const { queue, name } = await open();
    const sentAtMs = performance.now();
    await queue.send(name, [aMessage({ delayMs: 1_000 })]);

    expect(await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 30_000 })).toEqual([]);
    expect(await receiveAll(queue, name, 1)).toHaveLength(1);
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(1_000 - CLOCK_SLACK_MS);
  });

  it("a delayed message does not hold up those behind it", async () => {
    const { queue, name } = await open();
    await queue.send(name, [aMessage({ body: '"later"', delayMs: MAX_DELAY_MS }), aMessage({ body: '"now"' })]);

    expect((await receiveAll(queue, name, 1)).map((message) => message.body)).toEqual(['"now"']);
  });

  it("receive() that waits gets a message sent meanwhile", async () => {
    const { queue, name } = await open();
    const waiting = queue.receive(name, { max: 10, waitMs: 10_000, visibilityMs: 30_000 });
    await queue.send(name, [aMessage()]);

    expect(await waiting).toHaveLength(1);
  });

  it("receive() on an empty queue ends empty when its time is over", async () => {
    const { queue, name } = await open();
    const startMs = performance.now();

    expect(await queue.receive(name, { max: 1, waitMs: 1_000, visibilityMs: 1_000 })).toEqual([]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1_000 - CLOCK_SLACK_MS);
  });

  it("receive() ends empty when its signal is aborted, before or meanwhile", async () => {
    const { queue, name } = await open();
    const before = AbortSignal.abort();
    const meanwhile = new AbortController();
    const waiting = queue.receive(name, { max: 1, waitMs: 20_000, visibilityMs: 1_000, signal: meanwhile.signal });
    setImmediate(() => meanwhile.abort());

    expect(await waiting).toEqual([]);
    expect(await queue.receive(name, { max: 1, waitMs: 20_000, visibilityMs: 1_000, signal: before })).toEqual([]);
  });

  it("a receive() that was aborted takes no message with it", async () => {
    const { queue, name } = await open();
    const controller = new AbortController();
    const waiting = queue.receive(name, { max: 1, waitMs: 20_000, visibilityMs: 30_000, signal: controller.signal });
    controller.abort();
    await waiting;
    await queue.send(name, [aMessage()]);

    expect(await receiveAll(queue, name, 1)).toHaveLength(1);
  });
}

function describeFairness(open: () => Promise<QueueUnderTest>): void {
  it("a group with a long backlog does not hold up the others", async () => {
    const { queue, name } = await open();
    const backlog = 200;
    for (let sent = 0; sent < backlog; sent += MAX_SEND) {
      await sendAll(
        queue,
        name,
        Array.from({ length: MAX_SEND }, () => aMessage({ group: "noisy" })),
      );
    }
    await sendAll(
      queue,
      name,
      ["quiet", "still"].map((group) => aMessage({ group })),
    );

    const groups: string[] = [];
    for (let tries = 0; tries < backlog && new Set(groups).size < 3; tries++) {
      const messages = await queue.receive(name, { max: 10, waitMs: 1_000, visibilityMs: 60_000 });
      groups.push(...messages.map((message) => message.group));
    }

    expect(new Set(groups)).toEqual(new Set(["noisy", "quiet", "still"]));
    expect(groups.length).toBeLessThan(backlog / 2);
  });
}

function describeDeadLetters(open: () => Promise<QueueUnderTest>): void {
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

function describeDepth(open: () => Promise<QueueUnderTest>): void {
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

function describeLimits(open: () => Promise<QueueUnderTest>): void {
  it("takes bodies of 256 KB", async () => {
    const { queue, name } = await open();
    const body = JSON.stringify("k".repeat(256 * 1_024 - 2));
    await queue.send(name, [aMessage({ body })]);

    expect((await receiveAll(queue, name, 1))[0]?.body).toBe(body);
  });

  it.each<{ what: string; messages: readonly OutgoingMessage[] }>([
    { what: "11 messages", messages: Array.from({ length: MAX_SEND + 1 }, () => aMessage()) },
    { what: "a body above 256 KB", messages: [aMessage({ body: JSON.stringify("ä".repeat(128 * 1_024)) })] },
    { what: "a negative delay", messages: [aMessage({ delayMs: -1 })] },
    { what: "a delay above 900 s", messages: [aMessage({ delayMs: MAX_DELAY_MS + 1 })] },
    { what: "a delay that is no number", messages: [aMessage({ delayMs: Number.NaN })] },
    { what: "an empty group", messages: [aMessage({ group: "" })] },
    { what: "a good message beside a bad one", messages: [aMessage(), aMessage({ delayMs: -1 })] },
  ])("refuses to send $what, and sends nothing", async ({ messages }) => {
    const { queue, name } = await open();

    await expect(queue.send(name, messages)).rejects.toMatchObject({ code: "INVALID" });
    expect(await queue.receive(name, { max: 1, waitMs: 0, visibilityMs: 1_000 })).toEqual([]);
  });

  it.each([
    { max: 0, waitMs: 0, visibilityMs: 0 },
    { max: 1_001, waitMs: 0, visibilityMs: 0 },
    { max: 1.5, waitMs: 0, visibilityMs: 0 },
    { max: 1, waitMs: 20_001, visibilityMs: 0 },
    { max: 1, waitMs: 0, visibilityMs: 12 * 3_600_000 + 1 },
    { max: 1, waitMs: 0, visibilityMs: -1 },
  ])("refuses to receive with %o", async (options) => {
    const { queue, name } = await open();

    await expect(queue.receive(name, options)).rejects.toMatchObject({ code: "INVALID" });
  });

  it.each(["", "a b", "a/b", "a".repeat(81)])("refuses queue name %j", async (name) => {
    const { queue } = await open();

    await expect(queue.send(name, [aMessage()])).rejects.toMatchObject({ code: "INVALID" });
  });
}

/** Clocks of the test and of the service are not one. */
const CLOCK_SLACK_MS = 20;
const MAX_TRIES = 200;

function aMessage(fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { body: '{"runId":"default.report@1"}', group: "default", delayMs: 0, ...fields };
}

async function sendAll(queue: Queue, name: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
  for (let left = messages, tries = 0; left.length > 0 && tries < MAX_TRIES; tries++)
    left = await queue.send(name, left);
}

/** Receives until there are `count` messages, or until it is clear that they do not come. */
async function receiveAll(
  queue: Queue,
  name: QueueName,
  count: number,
  { max = 10, visibilityMs = 60_000 }: { max?: number; visibilityMs?: number } = {},
): Promise<readonly ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  for (let tries = 0; tries < count + 4 && messages.length < count; tries++) {
    messages.push(...(await queue.receive(name, { max, waitMs: 2_000, visibilityMs })));
  }
  return messages;
}

async function receiveInto(seen: Set<string>, queue: Queue, name: QueueName, count: number): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES && seen.size < count; tries++) {
    const messages = await queue.receive(name, { max: 7, waitMs: 200, visibilityMs: 60_000 });
    for (const message of messages) seen.add(message.body);
  }
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

function receiptsOf(messages: readonly (ReceivedMessage | undefined)[]): string[] {
  return messages.filter((message) => message !== undefined).map((message) => message.receipt);
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
