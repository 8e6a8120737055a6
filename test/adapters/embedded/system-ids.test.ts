import { describe, expect, it } from "vitest";
import { SystemIds } from "../../../adapters/embedded/system-ids.ts";
import { SystemRandom } from "../../../adapters/embedded/system-random.ts";

describe("SystemIds", () => {
  it("short() gives 12 characters of [0-9a-z], different ones each time", () => {
    const ids = new SystemIds();
    const drawn = Array.from({ length: 20_000 }, () => ids.short());

    expect(drawn.filter((id) => !/^[0-9a-z]{12}$/.test(id))).toEqual([]);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

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

describe("SystemRandom", () => {
  it("next() gives different draws in [0, 1)", () => {
    const random = new SystemRandom();
    const draws = Array.from({ length: 1_000 }, () => random.next());

    expect(draws.filter((draw) => draw < 0 || draw >= 1)).toEqual([]);
    expect(new Set(draws).size).toBe(draws.length);
  });
});
