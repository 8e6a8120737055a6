import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Intercept } from "../../support/aws/fauxqs.ts";
import { aMessage, errorAnswer, failureOf, NAME, openSqs } from "./sqs-rig.ts";

describe("SqsQueue.send()", () => {
  it("asks for the delay in whole seconds, rounded down, and for the group both ways", async () => {
    const { sqs, queue } = await openSqs();

    await queue.send(NAME, [aMessage({ body: '{"a":1}', group: "team-a", delayMs: 1_999 })]);

    expect(sqs.requests).toEqual([
      {
        operation: "SendMessageBatch",
        input: {
          QueueUrl: `${sqs.urlPrefix}default-normal`,
          Entries: [
            {
              Id: "0",
              MessageBody: '{"a":1}',
              DelaySeconds: 1,
              MessageGroupId: "team-a",
              MessageAttributes: { group: { DataType: "String", StringValue: "team-a" } },
            },
          ],
        },
      },
    ]);
  });

  it("delays by up to 900 seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { queue } = await openSqs();
    const startMs = Date.now();
    await queue.send(NAME, [aMessage({ delayMs: 900_000 })]);

    vi.setSystemTime(startMs + 899_000);
    expect(await queue.receive(NAME, { max: 1, waitMs: 0, visibilityMs: 1_000 })).toEqual([]);
    vi.setSystemTime(startMs + 900_000);
    expect(await queue.receive(NAME, { max: 1, waitMs: 0, visibilityMs: 1_000 })).toHaveLength(1);
  });

  it("sends nothing for no messages", async () => {
    const { sqs, queue } = await openSqs();

    expect(await queue.send(NAME, [])).toEqual([]);
    expect(sqs.requests).toEqual([]);
  });

  it("splits what is larger than 1 MiB together, and no more than needed", async () => {
    const { sqs, queue } = await openSqs();
    const body = JSON.stringify("k".repeat(250_000));

    await queue.send(
      NAME,
      Array.from({ length: 10 }, () => aMessage({ body })),
    );

    expect(sqs.count("SendMessageBatch")).toBe(3);
    expect((await queue.depth(NAME)).visible).toBe(10);
  });

  it("returns what the service declined, and what its answer does not mention", async () => {
    const { sqs, queue } = await openSqs();
    const messages = ["0", "1", "2"].map((body) => aMessage({ body }));
    sqs.intercept = async () => ({
      status: 200,
      body: {
        Successful: [{ Id: "0", MessageId: "m", MD5OfMessageBody: "cfcd208495d565ef66e7dff9f98764da" }],
        Failed: [failureOf("1", "InternalError", { senderFault: false })],
      },
    });

    expect(await queue.send(NAME, messages)).toEqual(messages.slice(1));
  });

  it("throws what the service calls the sender's fault", async () => {
    const { sqs, queue } = await openSqs();
    sqs.intercept = async () => ({
      status: 200,
      body: { Successful: [], Failed: [failureOf("0", "InvalidMessageContents", { senderFault: true })] },
    });

    await expect(queue.send(NAME, [aMessage()])).rejects.toMatchObject({
      code: "INVALID",
      message: 'Cannot send to queue "default.normal": Not this one (InvalidMessageContents)',
    });
  });

  it.each([
    { what: "a group with a space", message: aMessage({ group: "team a" }), words: /group "team a"/ },
    { what: "a group beyond ASCII", message: aMessage({ group: "équipe" }), words: /ASCII/ },
    { what: "a character that SQS does not take", message: aMessage({ body: '"\uffff"' }), words: /U\+ffff/ },
    { what: "half of a surrogate pair", message: aMessage({ body: '"\ud83d"' }), words: /U\+d83d/ },
  ])("refuses $what and sends nothing", async ({ message, words }) => {
    const { sqs, queue } = await openSqs();

    const sending = queue.send(NAME, [aMessage(), message]);

    await expect(sending).rejects.toMatchObject({ code: "INVALID", message: expect.stringMatching(words) as string });
    expect(sqs.requests).toEqual([]);
  });

  it.each(["Default.normal", "default", "default.normal-dead", "team.a.normal", `${"p".repeat(41)}.normal`])(
    "refuses queue name %j, which has no queue on SQS",
    async (name) => {
      const { queue } = await openSqs();

      await expect(queue.send(name, [aMessage()])).rejects.toMatchObject({ code: "INVALID" });
    },
  );
});

describe("SqsQueue tells of trouble", () => {
  const cases: readonly { what: string; intercept: Intercept; code: string; words: RegExp }[] = [
    {
      what: "throttling",
      intercept: async () => errorAnswer("RequestThrottled", "Slow down."),
      code: "THROTTLED",
      words: /queue "default.normal": throttled: Slow down/,
    },
    {
      what: "expired credentials",
      intercept: async () => errorAnswer("ExpiredToken", "The security token is expired", 403),
      code: "UNAVAILABLE",
      words: /queue "default.normal": credentials or permissions/,
    },
    {
      what: "a missing queue",
      intercept: async () => errorAnswer("QueueDoesNotExist", "The specified queue does not exist."),
      code: "UNAVAILABLE",
      words: /queue "default.normal": it does not exist/,
    },
    {
      what: "a connection that broke",
      intercept: async (_, pass) => {
        await pass();
        throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      },
      code: "UNKNOWN_OUTCOME",
      words: /socket hang up/,
    },
    {
      what: "a connection that nobody took",
      intercept: async () => {
        throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
      },
      code: "UNAVAILABLE",
      words: /ECONNREFUSED/,
    },
  ];

  it.each(cases)("of $what, when it sends", async ({ intercept, code, words }) => {
    const { sqs, queue } = await openSqs();
    sqs.intercept = intercept;

    await expect(queue.send(NAME, [aMessage()])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
      cause: expect.any(Error) as Error,
    });
  });

  it.each(cases)("of $what, in every other call", async ({ intercept }) => {
    const { sqs, queue } = await openSqs();
    sqs.intercept = intercept;
    const calls = [
      queue.receive(NAME, { max: 1, waitMs: 0, visibilityMs: 1_000 }),
      queue.extend(NAME, ["r"], 1_000),
      queue.delete(NAME, ["r"]),
      queue.depth(NAME),
      queue.deadLetters(NAME, 10),
      queue.redrive(NAME),
    ];

    for (const call of calls) {
      const action = expect.stringMatching(/^Cannot .*default.normal/) as string;
      await expect(call).rejects.toMatchObject({
        name: "PortError",
        message: action,
        cause: expect.any(Error) as Error,
      });
    }
  });

  it("of a queue that is really missing, with its name", async () => {
    const { queue } = await openSqs();

    await expect(queue.depth("other.high")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/carillon-other-high(-dead)?": it does not exist/) as string,
    });
  });
});
