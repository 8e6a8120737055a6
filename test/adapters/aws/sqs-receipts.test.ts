import { describe, expect, it } from "vitest";
import type { Intercept } from "../../support/aws/fauxqs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { aMessage, failureOf, NAME, openSqs, sendMany } from "./sqs-rig.ts";

describe("SqsQueue.extend() and delete()", () => {
  it("take a request for every ten receipts, each receipt once", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, NAME, 25);
    const messages = await queue.receive(NAME, { max: 25, waitMs: 0, visibilityMs: 60_000 });
    const receipts = messages.map(({ receipt }) => receipt);

    await queue.extend(NAME, [...receipts, ...receipts], 60_000);
    await queue.delete(NAME, [...receipts, ...receipts]);

    expect(sqs.count("ChangeMessageVisibilityBatch")).toBe(3);
    expect(sqs.count("DeleteMessageBatch")).toBe(3);
    expect(await queue.depth(NAME)).toMatchObject({ visible: 0, inFlight: 0 });
  });

  it("make no request for no receipts", async () => {
    const { sqs, queue } = await openSqs();

    await queue.extend(NAME, ["", ""], 0);
    await queue.delete(NAME, []);

    expect(sqs.requests).toEqual([]);
  });

  it("round visibility up to whole seconds", async () => {
    const { sqs, queue } = await openSqs();

    await queue.extend(NAME, ["r"], 1_001);

    expect(sqs.requests[0]?.input).toMatchObject({ Entries: [{ ReceiptHandle: "r", VisibilityTimeout: 2 }] });
  });

  it.each(["ReceiptHandleIsInvalid", "AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"])(
    "ignore a receipt that the service calls %s",
    async (code) => {
      const { sqs, queue } = await openSqs();
      sqs.intercept = failing(code, Infinity);

      await queue.extend(NAME, ["r"], 1_000);
      await queue.delete(NAME, ["r"]);

      expect(sqs.requests).toHaveLength(2);
    },
  );

  it("try again what the service declines, and that alone", async () => {
    const clock = new ManualClock();
    const { sqs, queue } = await openSqs({ clock });
    sqs.intercept = failing("InternalError", 2);

    const deleting = queue.delete(NAME, ["a", "b"]);
    for (let tries = 1; tries <= 2; tries += 1) {
      await expect.poll(() => clock.sleeping).toBe(1);
      await clock.advance(60_000);
    }
    await deleting;

    const asked = sqs.requests.map(({ input }) => (input["Entries"] as { ReceiptHandle: string }[]).map(receiptOf));
    expect(asked).toEqual([["a", "b"], ["a"], ["a"]]);
  });

  it.each([
    { serviceCode: "InternalError", code: "UNAVAILABLE" },
    { serviceCode: "RequestThrottled", code: "THROTTLED" },
  ])("give up after four tries with $code", async ({ serviceCode, code }) => {
    const clock = new ManualClock();
    const { sqs, queue } = await openSqs({ clock });
    sqs.intercept = failing(serviceCode, Infinity);

    const extending = expect(queue.extend(NAME, ["a"], 1_000)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`1 were declined 4 times, one with: Not this one (${serviceCode})`) as string,
    });
    for (let tries = 1; tries <= 3; tries += 1) {
      await expect.poll(() => clock.sleeping).toBe(1);
      await clock.advance(60_000);
    }
    await extending;

    expect(sqs.requests).toHaveLength(4);
  });

  it("do the other batches when one request fails", async () => {
    const { sqs, queue } = await openSqs();
    await sendMany(queue, NAME, 30);
    const messages = await queue.receive(NAME, { max: 30, waitMs: 0, visibilityMs: 60_000 });
    let deletions = 0;
    sqs.intercept = async ({ operation }, pass) => {
      if (operation === "DeleteMessageBatch" && (deletions += 1) === 1) throw new Error("socket hang up");
      return pass();
    };

    const receipts = messages.map(({ receipt }) => receipt);
    await expect(queue.delete(NAME, receipts)).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });

    expect((await queue.depth(NAME)).inFlight).toBe(10);
  });

  it("work on messages that came with a former receive as well", async () => {
    const { queue } = await openSqs();
    await queue.send(NAME, [aMessage()]);
    const [message] = await queue.receive(NAME, { max: 1, waitMs: 0, visibilityMs: 60_000 });

    await queue.extend(NAME, [message?.receipt ?? ""], 0);

    expect(await queue.receive(NAME, { max: 1, waitMs: 0, visibilityMs: 60_000 })).toMatchObject([{ receives: 2 }]);
  });
});

/** Declines the first entry of the first `times` requests. */
function failing(code: string, times: number): Intercept {
  let left = times;
  return async (_, pass) => {
    const answer = await pass();
    if (left <= 0) return answer;
    left -= 1;
    return { status: 200, body: { Failed: [failureOf("0", code, { senderFault: code.includes("Invalid") })] } };
  };
}

function receiptOf({ ReceiptHandle }: { ReceiptHandle: string }): string {
  return ReceiptHandle;
}
