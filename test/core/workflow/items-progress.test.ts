import { describe, expect, it } from "vitest";
import type { ItemsProgress } from "../../../core/run/run.ts";
import { NO_BITS, withBit } from "../../../core/workflow/bits.ts";
import { tallyOf, withStarted } from "../../../core/workflow/items-progress.ts";

function progress(started: number, ended: readonly number[], total = 20): ItemsProgress {
  return { total, started, ended: ended.reduce(withBit, NO_BITS), succeeded: ended.length, failed: 0 };
}

describe("tallyOf()", () => {
  it.each([
    ["all that are started and have not ended", progress(5, [0, 3]), 3],
    ["none when nothing is started, whatever stands from before", progress(0, [2, 7, 19]), 0],
    ["none of those that stand from before", progress(5, [0, 4, 5, 12]), 3],
    ["none when all have ended", progress(3, [0, 1, 2], 3), 0],
  ])("takes for open %s", (_, items, open) => {
    expect(tallyOf(items).open).toBe(open);
  });
});

describe("withStarted()", () => {
  it("passes over items that have ended", () => {
    expect(withStarted(progress(1, [0, 1, 2, 4]), 2).started).toBe(6);
  });

  it("stops at the last item", () => {
    expect(withStarted(progress(18, []), 5).started).toBe(20);
  });

  it("starts nothing when nothing is to start", () => {
    expect(withStarted(progress(2, [2, 3]), 0).started).toBe(2);
  });
});
