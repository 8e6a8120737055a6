import { describe, expect, it } from "vitest";
import type { Random } from "../../core/ports/random.ts";

export function randomConformance(name: string, open: () => Random): void {
  describe(`${name} random`, () => {
    it("next() gives different draws in [0, 1)", () => {
      const random = open();
      const draws = Array.from({ length: 1_000 }, () => random.next());

      expect(draws.filter((draw) => draw < 0 || draw >= 1)).toEqual([]);
      expect(new Set(draws).size).toBeGreaterThan(990);
    });

    it("next() falls into each tenth about equally often", () => {
      const random = open();
      const counts = Array.from({ length: 10 }, () => 0);
      for (let draw = 0; draw < 20_000; draw++) {
        const tenth = Math.floor(random.next() * 10);
        counts[tenth] = (counts[tenth] ?? 0) + 1;
      }
      // 2,000 are expected of each; 300 are more than seven standard deviations.
      expect(Math.min(...counts)).toBeGreaterThan(1_700);
      expect(Math.max(...counts)).toBeLessThan(2_300);
    });
  });
}
