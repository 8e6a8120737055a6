import { expect, it } from "vitest";
import { MAX_DELAY_MS, MAX_SEND } from "../../core/ports/queue.ts";
import { aMessage, type QueueUnderTest, receiptsOf, receiveAll, sendAll } from "./queue-messages.ts";

/** Clocks of the test and of the service are not one. */
const CLOCK_SLACK_MS = 20;

/** What a Queue keeps to itself while somebody works on it. */
export function describeVisibility(open: () => Promise<QueueUnderTest>): void {
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

/** When a message may come, and for how long is waited for it. */
export function describeWaiting(open: () => Promise<QueueUnderTest>): void {
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
