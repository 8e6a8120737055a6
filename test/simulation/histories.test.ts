import { describe, expect, it } from "vitest";
import { playMany } from "./runner/play-many.ts";
import { Tally } from "./runner/tally.ts";
import type { ProfileName } from "./world/profiles.ts";

const TIMEOUT_MS = 15 * 60_000;
const FIRST_SEED = 1;

interface Batch {
  readonly count: number;
  readonly hasLeases: boolean;
  readonly profile?: ProfileName;
}

/** Plays a batch; what failed is told with the command that plays it again. */
async function play({ count, hasLeases, profile }: Batch): Promise<{ tally: Tally; failures: readonly string[] }> {
  const tally = new Tally();
  const failures: string[] = [];
  await playMany({
    from: FIRST_SEED,
    count,
    hasLeases,
    profile,
    twiceEvery: 7,
    // They last longer than all the other tests: as soon as those are over, both processors are for them.
    processes: 2,
    onPlayed(played) {
      tally.add(played);
      const { report, isSame } = played;
      const again = `npm run sim -- --replay ${report.seed} --profile ${report.profile}${hasLeases ? "" : " --leases off"}`;
      for (const { invariant, what } of report.violations) failures.push(`${invariant} ${what} (${again})`);
      if (!isSame) failures.push(`played twice, it was not the same (${again})`);
      return true;
    },
  });
  return { tally, failures };
}

describe("simulated histories", () => {
  it(
    "of 300 seeds break no invariant, are the same when played again, and leave no kind of harm out",
    async () => {
      const { tally, failures } = await play({ count: 300, hasLeases: true });

      expect(failures).toEqual([]);
      expect(tally.seeds).toBe(300);
      expect(tally.never).toEqual([]);
      expect(tally.isVacuous).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    "of 60 seeds break no invariant when every scheduler believes that it owns everything",
    async () => {
      const { tally, failures } = await play({ count: 60, hasLeases: false });

      expect(failures).toEqual([]);
      expect(tally.seeds).toBe(60);
    },
    TIMEOUT_MS,
  );
});
