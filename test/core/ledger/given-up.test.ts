import { assert, integer, property, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import { type GivenUp, givenUpAfter, givenUpByBoth, withGivenUp } from "../../../core/ledger/given-up.ts";

const END_MS = 200;

/** Disjoint stretches in time order, as a walk leaves them. */
const stretches = uniqueArray(integer({ min: 0, max: END_MS }), { maxLength: 12 })
  .map((bounds) => bounds.toSorted((a, b) => a - b))
  .map((bounds): readonly GivenUp[] =>
    bounds.flatMap((fromMs, index) =>
      index % 2 === 0 ? [{ fromMs, toMs: (bounds[index + 1] ?? END_MS + 1) - 1 }] : [],
    ),
  );

function slotsOf(given: readonly GivenUp[]): readonly number[] {
  return Array.from({ length: END_MS + 1 }, (_, atMs) => atMs).filter((atMs) =>
    given.some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs),
  );
}

describe("what walks have given up", () => {
  it("by both is what each of them has given up", () => {
    assert(
      property(stretches, stretches, (one, other) => {
        const both = new Set(slotsOf(other));
        expect(slotsOf(givenUpByBoth(one, other))).toEqual(slotsOf(one).filter((atMs) => both.has(atMs)));
      }),
    );
  });

  it("behind an instant leaves out the instant itself", () => {
    assert(
      property(stretches, integer({ min: 0, max: END_MS }), (given, afterMs) => {
        expect(slotsOf(givenUpAfter(given, afterMs))).toEqual(slotsOf(given).filter((atMs) => atMs > afterMs));
      }),
    );
  });

  it("is remembered in time order until it is long past", () => {
    const known = [
      { fromMs: 1, toMs: 4 },
      { fromMs: 8, toMs: 9 },
    ];
    expect(withGivenUp(known, [{ fromMs: 20, toMs: 30 }], 5)).toEqual([
      { fromMs: 8, toMs: 9 },
      { fromMs: 20, toMs: 30 },
    ]);
  });

  it("takes no more than so much room, however often there is more of it", () => {
    let given: readonly GivenUp[] = [];
    for (let atMs = 0; atMs < 5_000; atMs += 10) given = withGivenUp(given, [{ fromMs: atMs, toMs: atMs + 5 }], 0);

    expect(given).toHaveLength(100);
    expect(given[0]?.fromMs).toBe(0);
    expect(given.at(-1)).toEqual({ fromMs: 4_990, toMs: 4_995 });
  });
});
