import { describe, expect, it } from "vitest";
import { SystemIds } from "../../../adapters/shared/system-ids.ts";
import { SystemRandom } from "../../../adapters/shared/system-random.ts";
import { idsConformance } from "../../conformance/ids-conformance.ts";
import { randomConformance } from "../../conformance/random-conformance.ts";

idsConformance("system", () => new SystemIds());
randomConformance("system", () => new SystemRandom());

describe("SystemIds", () => {
  it("short() uses every character about equally often", () => {
    const ids = new SystemIds();
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 30_000; draw++) {
      for (const character of ids.short()) counts.set(character, (counts.get(character) ?? 0) + 1);
    }

    // 10,000 are expected of each; 600 are more than six standard deviations.
    expect(counts.size).toBe(36);
    expect(Math.min(...counts.values())).toBeGreaterThan(9_400);
    expect(Math.max(...counts.values())).toBeLessThan(10_600);
  });
});
