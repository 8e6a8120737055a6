import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../support/eventually.ts";
import { synthesiseOnce } from "./host/assembly.ts";
import type { CloudFunction } from "./host/cloud-function.ts";
import { Deployment } from "./host/deployment.ts";
import { EventSources } from "./host/event-sources.ts";
import type { Outcome } from "./host/function-container.ts";
import { Meter, total } from "./host/meter.ts";
import { Permissions } from "./host/permissions.ts";

const POOLS = { default: { cpu: 256, memoryMb: 512 } };
const TIMEOUT_MS = 60_000;

describe("EventSources", () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = Deployment.read(await synthesiseOnce({ pools: POOLS }));
  });

  /** The mapping of the product, over a queue with some messages and a function that answers as told. */
  function open(
    answer: (ids: readonly string[]) => Outcome | undefined,
    { timeoutMs = TIMEOUT_MS, allows = true } = {},
  ) {
    const waiting = ["m1", "m2", "m3"];
    const deleted: string[] = [];
    const events: unknown[] = [];
    const [mapping] = deployment.all("AWS::Lambda::EventSourceMapping");
    const name = String(mapping?.properties["FunctionName"]);
    const target = {
      timeoutMs,
      invoke(event: { readonly Records: readonly { readonly messageId: string }[] }) {
        events.push(event);
        return Promise.resolve(answer(event.Records.map(({ messageId }) => messageId)));
      },
    };
    const meter = new Meter();
    const sources = new EventSources({
      deployment,
      functions: new Map([[name, target as unknown as CloudFunction]]),
      permissions: allows ? new Permissions(deployment) : ({ allows: () => false } as unknown as Permissions),
      meter,
      emulators: {
        async askSqs(operation, input) {
          if (operation === "DeleteMessageBatch") {
            const { Entries } = input as { readonly Entries: readonly { readonly ReceiptHandle: string }[] };
            deleted.push(...Entries.map(({ ReceiptHandle }) => ReceiptHandle));
            return {};
          }
          await new Promise((resolve) => setTimeout(resolve, 1));
          return { Messages: waiting.splice(0).map(messageOf) };
        },
      },
    });
    onTestFinished(() => sources.stop());
    return { sources, deleted, events, meter };
  }

  it("give messages to the function as a batch, and delete what it does not keep", async () => {
    const { sources, deleted, events, meter } = open(() => ok({ batchItemFailures: [{ itemIdentifier: "m2" }] }));
    sources.start();
    await eventually(async () => (deleted.length > 0 ? true : undefined));
    await sources.stop();

    expect(deleted).toEqual(["receipt-m1", "receipt-m3"]);
    expect(events).toEqual([
      {
        Records: ["m1", "m2", "m3"].map((id) =>
          expect.objectContaining({
            messageId: id,
            receiptHandle: `receipt-${id}`,
            body: `body of ${id}`,
            attributes: { ApproximateReceiveCount: "1", MessageGroupId: "default" },
            eventSource: "aws:sqs",
            eventSourceARN: expect.stringMatching(/:carillon-engine-normal$/) as string,
          }),
        ),
      },
    ]);
    expect(total(meter.snapshot(), { service: "sqs", action: "DeleteMessageBatch" }).requests).toBe(1);
  });

  it.each([
    ["fails", { ok: false, error: { errorType: "Error", errorMessage: "no" } } as const],
    ["names a message that it was not given", ok({ batchItemFailures: [{ itemIdentifier: "other" }] })],
    ["names a message by nothing", ok({ batchItemFailures: [{ itemIdentifier: "" }] })],
  ])("keep the whole batch when the function %s", async (_, outcome) => {
    const { sources, deleted, events } = open(() => outcome);
    sources.start();
    await eventually(async () => (events.length > 0 ? true : undefined));
    await sources.stop();

    expect(deleted).toEqual([]);
  });

  it("offer a batch again that the function was too busy for", async () => {
    let calls = 0;
    const { sources, deleted, events } = open(() => ((calls += 1) === 1 ? undefined : ok(null)));
    sources.start();
    await eventually(async () => (deleted.length === 3 ? true : undefined));

    expect(events).toHaveLength(2);
  });

  it("refuse a role that may not read the queue, and a function that may take longer than messages are hidden", () => {
    expect(() => open(() => undefined, { allows: false })).toThrow("does not allow sqs:ReceiveMessage");
    expect(() => open(() => undefined, { timeoutMs: 361_000 })).toThrow("hidden for a shorter time");
  });
});

function ok(value: unknown): Outcome {
  return { ok: true, payload: JSON.stringify(value) };
}

function messageOf(id: string) {
  return {
    MessageId: id,
    ReceiptHandle: `receipt-${id}`,
    Body: `body of ${id}`,
    Attributes: { ApproximateReceiveCount: "1", MessageGroupId: "default" },
  };
}
