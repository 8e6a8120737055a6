import { describe, expect, it } from "vitest";
import type { Ids } from "../../core/ports/ids.ts";

export function idsConformance(name: string, open: () => Ids): void {
  describe(`${name} ids`, () => {
    it("short() gives 12 characters of [0-9a-z], different ones each time", () => {
      const ids = open();
      const drawn = Array.from({ length: 20_000 }, () => ids.short());

      expect(drawn.filter((id) => !/^[0-9a-z]{12}$/.test(id))).toEqual([]);
      expect(new Set(drawn).size).toBe(drawn.length);
    });

    it("short() of two sources do not meet", () => {
      const [left, right] = [open(), open()];
      const drawn = new Set(Array.from({ length: 1_000 }, () => left.short()));
      expect(Array.from({ length: 1_000 }, () => right.short()).filter((id) => drawn.has(id))).toEqual([]);
    });
  });
}
