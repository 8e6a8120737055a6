import { describe, expect, it } from "vitest";
import { canHaveComeIn, type Share } from "./limit-watch.ts";

/** Weights and limits. */
const of = (...shares: readonly (readonly [number, number])[]): readonly Share[] =>
  shares.map(([weight, limit]) => ({ weight, limit }));

describe("canHaveComeIn()", () => {
  it.each<[string, readonly Share[], boolean]>([
    ["nobody", [], true],
    ["as many as are allowed", of([1, 2], [1, 2]), true],
    ["one more", of([1, 2], [1, 2], [1, 2]), false],
    ["weights that fill the limit", of([2, 3], [1, 3]), true],
    ["weights beyond it", of([2, 3], [2, 3]), false],
    ["one that is heavier than all of it, alone", of([5, 2]), true],
    ["one beside another that is heavier than all of it", of([5, 2], [1, 2]), false],
    ["one that allows less before one that allows more", of([1, 3], [1, 1]), true],
    ["two that each allow themselves alone", of([1, 1], [1, 1]), false],
    ["one heavier than its limit before one that allows both", of([3, 1], [1, 4]), true],
    ["one heavier than its limit among those that do not allow it", of([1, 3], [3, 1], [1, 3]), false],
  ])("%s", (_, shares, isPossible) => {
    expect(canHaveComeIn(shares)).toBe(isPossible);
  });

  it("agrees with a search of all orders", () => {
    for (let code = 0; code < 9 ** 4; code += 7) {
      const shares = [0, 1, 2, 3].map((place) => {
        const digit = Math.floor(code / 9 ** place) % 9;
        return { weight: 1 + (digit % 3), limit: 2 * (1 + Math.floor(digit / 3)) };
      });
      expect([shares, canHaveComeIn(shares)]).toEqual([shares, ordersOf(shares).some(isAllowed)]);
    }
  });
});

function isAllowed(order: readonly Share[]): boolean {
  let used = 0;
  return order.every(({ limit, weight }) => {
    const hasRoom = used === 0 || used + weight <= limit;
    used += weight;
    return hasRoom;
  });
}

function ordersOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, place) => ordersOf(items.toSpliced(place, 1)).map((rest) => [item, ...rest]));
}
