import { describe, expect, it } from "vitest";
import { pruneLogs } from "../../server/prune-logs.ts";
import { ManualClock } from "../support/manual-clock.ts";

const DAY_MS = 86_400_000;

describe("pruneLogs()", () => {
  it("prunes now and once a day, whatever went wrong before, until it is stopped", async () => {
    const clock = new ManualClock();
    const startMs = clock.nowMs();
    const stopping = new AbortController();
    const pruned: number[] = [];
    const errors: unknown[] = [];
    const prune = (beforeMs: number): Promise<void> => {
      pruned.push((beforeMs - startMs) / DAY_MS);
      return pruned.length === 1 ? Promise.reject(new Error("no access")) : Promise.resolve();
    };

    const done = pruneLogs({
      prune,
      clock,
      keepDays: 30,
      onError: (error) => errors.push(error),
      signal: stopping.signal,
    });
    await clock.advance(2 * DAY_MS);
    stopping.abort();
    await done;

    expect(pruned).toEqual([-30, -29, -28]);
    expect(errors).toEqual([new Error("no access")]);
  });
});
