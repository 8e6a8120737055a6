import { describe, expect, it } from "vitest";
import { aMessage, DEAD_NAME, errorAnswer, failureOf, NAME, openSqs, sendMany } from "./sqs-rig.ts";

const TAKE = { max: 100, waitMs: 0, visibilityMs: 60_000 };

describe("SqsQueue.deadLetters()", () => {
  it("shows many, each once, and leaves them visible to the next look", async () => {
    const { queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 35);

    const first = await queue.deadLetters(NAME, 100);
    const second = await queue.deadLetters(NAME, 20);

    expect(new Set(first.map(({ body }) => body)).size).toBe(35);
    expect(second).toHaveLength(20);
    expect((await queue.depth(NAME)).deadLetters).toBe(35);
  });

  it("shows what it found although making it visible again fails", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 3);
    sqs.intercept = async ({ operation }, pass) =>
      operation === "ChangeMessageVisibilityBatch" ? errorAnswer("AccessDeniedException", "No.", 403) : pass();

    expect(await queue.deadLetters(NAME, 10)).toHaveLength(3);
  });
});

describe("SqsQueue.redrive()", () => {
  it("moves any number of dead letters with their groups, in about three requests for every ten", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 120);
    await queue.send(DEAD_NAME, [aMessage({ body: '"last"', group: "team-b" })]);
    const before = sqs.requests.length;

    expect(await queue.redrive(NAME)).toBe(121);

    expect(sqs.requests.length - before).toBeLessThanOrEqual(3 * 13 + 8);
    expect(await queue.depth(NAME)).toMatchObject({ visible: 121, deadLetters: 0 });
    const messages = await queue.receive(NAME, { ...TAKE, max: 200 });
    expect(messages.find(({ body }) => body === '"last"')).toMatchObject({ group: "team-b", receives: 1 });
  });

  it("leaves among the dead letters what the queue declines, and does not count it", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 3);
    let sends = 0;
    sqs.intercept = async ({ operation }, pass) => {
      const answer = await pass();
      if (operation !== "SendMessageBatch" || (sends += 1) > 1) return answer;
      const Successful = (answer.body["Successful"] as object[]).slice(1);
      return { status: 200, body: { Successful, Failed: [failureOf("0", "InternalError", { senderFault: false })] } };
    };

    expect(await queue.redrive(NAME)).toBe(3);
    expect(sends).toBe(2);
    expect((await queue.depth(NAME)).deadLetters).toBe(0);
  });

  it("gives up when the queue declines everything", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 2);
    sqs.intercept = async ({ operation }, pass) =>
      operation === "SendMessageBatch" ? { status: 200, body: { Successful: [] } } : pass();

    await expect(queue.redrive(NAME)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: 'Cannot redrive queue "default.normal": all of 2 were declined',
    });
    expect(await queue.depth(NAME)).toMatchObject({ visible: 0, deadLetters: 2 });
    expect(await queue.deadLetters(NAME, 10)).toHaveLength(2);
  });

  it("leaves a letter in both places rather than in none when it is interrupted", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, DEAD_NAME, 1);
    sqs.intercept = async ({ operation }, pass) =>
      operation === "DeleteMessageBatch" ? errorAnswer("AccessDeniedException", "No.", 403) : pass();

    await expect(queue.redrive(NAME)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await queue.depth(NAME)).toMatchObject({ visible: 1, deadLetters: 1 });
  });
});
