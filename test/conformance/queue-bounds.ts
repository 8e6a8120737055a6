import { expect, it } from "vitest";
import { MAX_DELAY_MS, MAX_SEND, type OutgoingMessage } from "../../core/ports/queue.ts";
import { aMessage, type QueueUnderTest, receiveAll } from "./queue-messages.ts";

/** What a Queue takes, and what it refuses. */
export function describeBounds(open: () => Promise<QueueUnderTest>): void {
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
