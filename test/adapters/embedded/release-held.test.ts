import { describe, expect, it } from "vitest";
import { holderName, ownProcess } from "../../../adapters/embedded/process-ref.ts";
import { openTemporaryStore } from "../../support/temporary-store.ts";

const PATIENT = { max: 10, waitMs: 0, visibilityMs: 60_000 };

describe("SqliteQueue.releaseHeldBy()", () => {
  it("lets what a gone process had received be received again at once, and nothing else", async () => {
    const { queue } = openTemporaryStore();
    await queue.send("default.normal", [{ body: "held", group: "a", delayMs: 0 }]);
    const [first] = await queue.receive("default.normal", PATIENT);
    await queue.send("default.normal", [{ body: "delayed", group: "a", delayMs: 30_000 }]);

    expect(await queue.releaseHeldBy("another process")).toBe(0);
    expect(await queue.receive("default.normal", PATIENT)).toEqual([]);

    expect(await queue.releaseHeldBy(holderName(ownProcess()))).toBe(1);
    const again = await queue.receive("default.normal", PATIENT);
    expect(again.map(({ body, receives }) => ({ body, receives }))).toEqual([{ body: "held", receives: 2 }]);
    expect(again[0]?.receipt).not.toBe(first?.receipt);
  });
});
