import { describe, expect, it } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { aMessage, errorAnswer, NAME, openSqs, sendMany } from "./sqs-rig.ts";

const ONE = { max: 1, waitMs: 20_000, visibilityMs: 30_000 };

describe("SqsQueue.receive() asks", () => {
  it.each([
    { waitMs: 0, visibilityMs: 0, asked: { WaitTimeSeconds: 0, VisibilityTimeout: 0 } },
    { waitMs: 20_000, visibilityMs: 1_001, asked: { WaitTimeSeconds: 20, VisibilityTimeout: 2 } },
    { waitMs: 100, visibilityMs: 12 * 3_600_000, asked: { WaitTimeSeconds: 1, VisibilityTimeout: 43_200 } },
  ])("in whole seconds, rounded up: %o", async ({ waitMs, visibilityMs, asked }) => {
    const { sqs, queue } = await openSqs();
    await queue.send(NAME, [aMessage()]);

    await queue.receive(NAME, { max: 4, waitMs, visibilityMs });

    expect(sqs.requests[1]?.input).toMatchObject({ MaxNumberOfMessages: 4, ...asked });
  });

  it("with more patience for the answer than the long poll lasts", async () => {
    const { sqs, queue } = await openSqs();
    await queue.send(NAME, [aMessage()]);

    await queue.receive(NAME, ONE);

    expect(sqs.requests[1]?.requestTimeoutMs).toBe(25_000);
  });

  it("once for ten messages or fewer", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, NAME, 9);

    expect(await queue.receive(NAME, { max: 1_000, waitMs: 20_000, visibilityMs: 30_000 })).toHaveLength(9);
    expect(sqs.count("ReceiveMessage")).toBe(1);
  });

  it("with more and more requests at once while they come back full", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, NAME, 400);
    let atOnce = 0;
    let most = 0;
    sqs.intercept = async (_, pass) => {
      most = Math.max(most, (atOnce += 1));
      return pass().finally(() => (atOnce -= 1));
    };

    const messages = await queue.receive(NAME, { max: 390, waitMs: 20_000, visibilityMs: 30_000 });

    expect(new Set(messages.map(({ body }) => body)).size).toBe(390);
    expect(sqs.count("ReceiveMessage")).toBe(39);
    expect(most).toBe(16);
  });

  it("no further when a request fails, and keeps what it has", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, NAME, 40);
    let receives = 0;
    sqs.intercept = async ({ operation }, pass) =>
      operation === "ReceiveMessage" && (receives += 1) === 2 ? errorAnswer("RequestThrottled", "") : pass();

    expect(await queue.receive(NAME, { max: 40, waitMs: 0, visibilityMs: 30_000 })).toHaveLength(10);
    expect(receives).toBe(2);
  });
});

describe("SqsQueue.receive() that is aborted", () => {
  it("asks for nothing when it was aborted before", async () => {
    const { sqs, queue } = await openSqs();

    expect(await queue.receive(NAME, { ...ONE, signal: AbortSignal.abort() })).toEqual([]);
    expect(sqs.requests).toEqual([]);
  });

  it("leaves its long poll to the next one, however often", async () => {
    const { sqs, queue } = await openSqs();
    for (let times = 0; times < 20; times += 1) {
      const controller = new AbortController();
      const receiving = queue.receive(NAME, { ...ONE, signal: controller.signal });
      controller.abort();
      expect(await receiving).toEqual([]);
    }

    const receiving = queue.receive(NAME, ONE);
    await queue.send(NAME, [aMessage({ body: "found" })]);

    expect(await receiving).toMatchObject([{ body: "found", receives: 1 }]);
    expect(sqs.count("ReceiveMessage")).toBe(1);
    expect(sqs.count("ChangeMessageVisibilityBatch")).toBe(0);
  });

  it("hides anew what the next one finds, when that one hides for another time", async () => {
    const { sqs, queue } = await openSqs();
    await abortedReceive(queue);

    const receiving = queue.receive(NAME, { ...ONE, visibilityMs: 90_000 });
    await queue.send(NAME, [aMessage()]);

    expect(await receiving).toHaveLength(1);
    expect(sqs.requests.at(-1)).toMatchObject({
      operation: "ChangeMessageVisibilityBatch",
      input: { Entries: [{ VisibilityTimeout: 90 }] },
    });
  });

  it("keeps what its long poll brings, hidden anew, for a receive soon after", async () => {
    const { sqs, queue } = await openSqs({ clock: new ManualClock() });
    const answers = countAnswers(sqs, "ReceiveMessage");
    await abortedReceive(queue);
    await queue.send(NAME, [aMessage({ body: "kept" })]);
    await expect.poll(answers).toBe(1);

    expect(await queue.receive(NAME, { max: 5, waitMs: 0, visibilityMs: 45_000 })).toMatchObject([{ body: "kept" }]);
    expect(sqs.requests.at(-1)?.input).toMatchObject({ Entries: [{ VisibilityTimeout: 45 }] });
  });

  it("gives back what nobody asked for within a second", async () => {
    const clock = new ManualClock();
    const { sqs, queue } = await openSqs({ clock });
    await abortedReceive(queue);
    await queue.send(NAME, [aMessage()]);
    await expect.poll(() => clock.sleeping).toBe(1);

    await clock.advance(999);
    expect(sqs.count("ChangeMessageVisibilityBatch")).toBe(0);
    await clock.advance(1);

    await expect.poll(() => queue.depth(NAME)).toMatchObject({ visible: 1, inFlight: 0 });
    expect(await queue.receive(NAME, { ...ONE, waitMs: 0 })).toMatchObject([{ receives: 2 }]);
  });

  it("keeps what is more than the next one asked for", async () => {
    const { sqs, queue } = await openSqs({ clock: new ManualClock() });
    await abortedReceive(queue, 10);
    const receiving = queue.receive(NAME, ONE);
    await sendMany(queue, NAME, 3);
    const first = await receiving;
    const rest = await queue.receive(NAME, { ...ONE, max: 10 });

    expect([...first, ...rest].map(({ body }) => body)).toEqual(["0", "1", "2"]);
    expect(sqs.count("ReceiveMessage")).toBe(1);
  });

  it("has its trouble told by the receive that takes the poll up", async () => {
    const { sqs, queue } = await openSqs();
    const answer = Promise.withResolvers<ReturnType<typeof errorAnswer>>();
    sqs.intercept = () => answer.promise;
    await abortedReceive(queue);

    const receiving = queue.receive(NAME, ONE);
    answer.resolve(errorAnswer("RequestThrottled", "Slow down."));

    await expect(receiving).rejects.toMatchObject({ code: "THROTTLED" });
  });

  it("harms nobody when its long poll fails unseen", async () => {
    const { sqs, queue } = await openSqs();
    sqs.intercept = async () => errorAnswer("RequestThrottled", "Slow down.");
    await abortedReceive(queue);
    await queue.close();
    sqs.intercept = (_, pass) => pass();
    await queue.send(NAME, [aMessage()]);

    expect(await queue.receive(NAME, ONE)).toHaveLength(1);
  });
});

describe("SqsQueue.receive() that ends within a second", () => {
  it("keeps to its time and leaves its long poll to the next one", async () => {
    const clock = new ManualClock();
    const { sqs, queue } = await openSqs({ clock });
    const receiving = queue.receive(NAME, { ...ONE, waitMs: 300 });
    await expect.poll(() => clock.sleeping).toBe(1);
    await clock.advance(300);
    expect(await receiving).toEqual([]);

    await queue.send(NAME, [aMessage()]);

    expect(await queue.receive(NAME, { ...ONE, waitMs: 300 })).toHaveLength(1);
    expect(sqs.count("ReceiveMessage")).toBe(1);
  });
});

describe("SqsQueue.close()", () => {
  it("gives back at once what is kept and what polls on the wire still bring", async () => {
    const { queue } = await openSqs({ clock: new ManualClock() });
    await abortedReceive(queue);
    const closing = queue.close();
    await queue.send(NAME, [aMessage()]);
    await closing;

    expect(await queue.depth(NAME)).toMatchObject({ visible: 1, inFlight: 0 });
  });
});

type Rig = Awaited<ReturnType<typeof openSqs>>;

/** Leaves one long poll for up to `max` messages on the wire. */
async function abortedReceive(queue: Rig["queue"], max = 1): Promise<void> {
  const controller = new AbortController();
  const receiving = queue.receive(NAME, { ...ONE, max, signal: controller.signal });
  controller.abort();
  await receiving;
}

/** How many answers to requests of an operation have come so far. */
function countAnswers(sqs: Rig["sqs"], operation: string): () => number {
  let answers = 0;
  sqs.intercept = async (request, pass) => {
    const answer = await pass();
    if (request.operation === operation) answers += 1;
    return answer;
  };
  return () => answers;
}
