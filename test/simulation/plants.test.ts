import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PLANTS } from "./plants/plants.ts";
import { harvest } from "./runner/play-plants.ts";

const TIMEOUT_MS = 5 * 60_000;
/** Found in nearly every history: the whole table is for `npm run sim -- --plants`. */
const CANARIES = ["M1", "M7"];

describe("a bug that is planted into the product", () => {
  it.each(CANARIES)(
    "is caught by its invariant (%s)",
    async (id) => {
      const plant = PLANTS.find((each) => each.id === id);
      if (plant === undefined) throw new Error(`There is no plant ${id}`);

      const { caught } = await harvest(plant, { seeds: 8, processes: 1 });

      expect(caught).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe("plants", () => {
  it("have names of their own", () => {
    expect(new Set(PLANTS.map(({ id }) => id)).size).toBe(PLANTS.length);
  });

  it.each(PLANTS)("have their places in the product ($id: $bug)", ({ edits }) => {
    for (const { file, find, replace } of edits) {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

      expect(source.split(find), find).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });
});
