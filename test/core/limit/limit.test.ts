import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admit,
  before,
  enqueue,
  findLeftover,
  leave,
  type Limit,
  type Member,
  NO_HOLDERS,
  usedWeight,
  withdraw,
} from "../../../core/limit/limit.ts";

describe("a limit", () => {
  it("lets members in while there is room and nobody waits", () => {
    const one = admitted(NO_HOLDERS, aMember("1"), 2);
    const two = admitted(one, aMember("2"), 2);

    expect(admit(two, aMember("2"), 2)).toEqual({ kind: "held" });
    expect(admit(two, aMember("3"), 2)).toEqual({ kind: "full" });
    expect(admit(enqueue(one, aMember("3")), aMember("4"), 2)).toEqual({ kind: "full" });
    expect(admit(enqueue(one, aMember("3")), aMember("3"), 2)).toMatchObject({
      kind: "admitted",
      limit: { waiters: [] },
    });
  });

  it("lets in who comes next when somebody leaves, as many as there is room for, in their order", () => {
    const limit: Limit = {
      holders: [aMember("1", 3)],
      waiters: [aMember("2"), aMember("3"), aMember("4", 2), aMember("5")],
    };
    const after = leave(limit, (member) => member.stamp === "1", 3);

    expect(after.promoted.map(({ stamp }) => stamp)).toEqual(["2", "3"]);
    expect(after.limit.waiters.map(({ stamp }) => stamp)).toEqual(["4", "5"]);
  });

  it("lets one in that is heavier than the limit when it is alone", () => {
    expect(admit(NO_HOLDERS, aMember("1", 9), 3).kind).toBe("admitted");
    expect(admit({ holders: [aMember("2")], waiters: [] }, aMember("1", 9), 3).kind).toBe("full");
  });

  it("knows who comes before a member, in the line and outside of it", () => {
    const limit: Limit = { holders: [aMember("1")], waiters: [aMember("2"), aMember("3"), aMember("4")] };

    expect(before(limit, aMember("3")).map(({ stamp }) => stamp)).toEqual(["1", "2"]);
    expect(before(limit, aMember("9")).map(({ stamp }) => stamp)).toEqual(["1", "2", "3", "4"]);
    expect(withdraw(limit, aMember("3")).waiters.map(({ stamp }) => stamp)).toEqual(["2", "4"]);
    expect(withdraw(limit, aMember("9"))).toBe(limit);
  });

  it("lets a later claim of a member take over its place, and an earlier one take nothing back", () => {
    const [earlier, later] = [aMember("1", 1, 4), aMember("1", 1, 7)];
    const held: Limit = { holders: [aMember("0"), earlier], waiters: [] };
    const standing: Limit = { holders: [aMember("0")], waiters: [aMember("2"), earlier, aMember("3")] };

    expect(admit(held, later, 2)).toEqual({
      kind: "admitted",
      limit: { holders: [aMember("0"), later], waiters: [] },
    });
    expect(admit(held, earlier, 2)).toEqual({ kind: "held" });
    expect(admit({ holders: [later], waiters: [] }, earlier, 1)).toEqual({ kind: "held" });
    expect(enqueue(standing, later).waiters).toEqual([aMember("2"), later, aMember("3")]);
    expect(enqueue(standing, earlier)).toBe(standing);
    expect(enqueue(enqueue(standing, later), earlier).waiters).toContainEqual(later);
  });

  it("takes a place without a basis for one of a claim without a record", () => {
    const { basis: _, ...former } = aMember("1");

    expect(admit({ holders: [former], waiters: [] }, aMember("1", 1, 0), 1)).toEqual({ kind: "held" });
    expect(admit({ holders: [former], waiters: [] }, aMember("1", 1, 1), 1).kind).toBe("admitted");
    expect(findLeftover({ holders: [former], waiters: [] }, former, 1)).toBe(former);
  });

  it.each([
    ["holds it", { holders: [aMember("1", 1, 4)], waiters: [] }],
    ["stands in line", { holders: [aMember("0", 1, 1)], waiters: [aMember("2", 1, 1), aMember("1", 1, 4)] }],
  ])(
    "knows what a claim before a revision has left of a run that %s, and leaves alone what a later one has",
    (_, limit) => {
      expect(findLeftover(limit, aMember("1"), 5)).toEqual(aMember("1", 1, 4));
      expect(findLeftover(limit, aMember("1"), 4)).toBeUndefined();
      expect(findLeftover(limit, aMember("9"), 5)).toBeUndefined();
      expect(findLeftover(limit, { ...aMember("1"), job: "b" }, 5)).toBeUndefined();
    },
  );

  it("is never exceeded, keeps no one waiting when there is room, and holds nobody twice", () => {
    const step = fc.record({
      enters: fc.boolean(),
      who: fc.integer({ min: 0, max: 9 }),
      weight: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, capacity) => {
        const weights = new Map<string, number>();
        let limit = NO_HOLDERS;
        for (const { enters, who, weight } of steps) {
          const stamp = String(who);
          if (!weights.has(stamp)) weights.set(stamp, weight);
          const member = aMember(stamp, weights.get(stamp));
          if (enters) {
            const admission = admit(limit, member, capacity);
            if (admission.kind === "admitted") limit = admission.limit;
            else if (admission.kind === "full") limit = enqueue(limit, member);
          } else {
            limit = leave(limit, (each) => each.stamp === stamp, capacity).limit;
          }
          const stamps = [...limit.holders, ...limit.waiters].map((each) => each.stamp);
          expect(new Set(stamps).size).toBe(stamps.length);
          if (limit.holders.length > 1) expect(usedWeight(limit)).toBeLessThanOrEqual(capacity);
          const [first] = limit.waiters;
          if (first !== undefined) expect(usedWeight(limit) + first.weight).toBeGreaterThan(capacity);
        }
      }),
      { seed: 20_260_105, numRuns: 300 },
    );
  });
});

function aMember(stamp: string, weight = 1, basis?: number): Member {
  return { namespace: "default", job: "a", stamp, weight, ...(basis === undefined ? {} : { basis }) };
}

function admitted(limit: Limit, member: Member, capacity: number): Limit {
  const admission = admit(limit, member, capacity);
  if (admission.kind !== "admitted") throw new Error(`Not admitted: ${admission.kind}`);
  return admission.limit;
}
