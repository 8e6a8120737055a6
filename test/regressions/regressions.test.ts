import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SavedTape } from "../simulation/runner/shrink.ts";
import { playHistory } from "../simulation/world/history.ts";

/** A history that failed once, shrunk to the decisions that it takes, and what was wrong. */
interface Regression extends SavedTape {
  readonly defect: string;
}

const REGRESSIONS = globSync("*.json", { cwd: import.meta.dirname }).map(
  (file) => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")) as Regression,
);

describe("a history that failed once", () => {
  it.each(REGRESSIONS)("fails no more: $defect", async ({ seed, profile, hasLeases, tape }) => {
    const report = await playHistory({ seed, profile, hasLeases, tape: new Set(tape) });

    expect(report.violations).toEqual([]);
    // Should the generator change what these decisions are, the tape has to be made anew.
    expect(report.fired).toEqual(tape);
  });
});
