import { expect, it } from "vitest";
import { MAX_SEND, type Queue, type QueueName } from "../../core/ports/queue.ts";
import { aMessage, MAX_TRIES, type QueueUnderTest, receiveAll, sendAll } from "./queue-messages.ts";

/** A Queue delivers what it is sent. */
export function describeDelivery(open: () => Promise<QueueUnderTest>, bell: string): void {
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

/** A Queue lets nobody take up all of it. */
export function describeFairness(open: () => Promise<QueueUnderTest>): void {
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

async function receiveInto(seen: Set<string>, queue: Queue, name: QueueName, count: number): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES && seen.size < count; tries++) {
    const messages = await queue.receive(name, { max: 7, waitMs: 200, visibilityMs: 60_000 });
    for (const message of messages) seen.add(message.body);
  }
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
