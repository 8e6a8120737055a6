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
    const one = admitted(NO_HOLDERS, aMember("1"));
    const two = admitted(one, aMember("2"));

    expect(admit(two, aMember("2"))).toEqual({ kind: "held" });
    expect(admit(two, aMember("3"))).toEqual({ kind: "full" });
    expect(admit(enqueue(one, aMember("3")), aMember("4"))).toEqual({ kind: "full" });
    expect(admit(enqueue(one, aMember("3")), aMember("3"))).toMatchObject({
      kind: "admitted",
      limit: { waiters: [] },
    });
  });

  it("lets in who comes next when somebody leaves, as many as there is room for, in their order", () => {
    const limit: Limit = {
      holders: [aMember("1", { weight: 3 })],
      waiters: ["2", "3", "4", "5"].map((stamp) => aMember(stamp, { weight: stamp === "4" ? 2 : 1, capacity: 3 })),
    };
    const after = leave(limit, (member) => member.stamp === "1");

    expect(after.promoted.map(({ stamp }) => stamp)).toEqual(["2", "3"]);
    expect(after.limit.waiters.map(({ stamp }) => stamp)).toEqual(["4", "5"]);
  });

  it("lets one in that is heavier than the limit when it is alone", () => {
    expect(admit(NO_HOLDERS, aMember("1", { weight: 9 })).kind).toBe("admitted");
    expect(admit({ holders: [aMember("2")], waiters: [] }, aMember("1", { weight: 9 })).kind).toBe("full");
  });

  it("knows who comes before a member, in the line and outside of it", () => {
    const limit: Limit = { holders: [aMember("1")], waiters: [aMember("2"), aMember("3"), aMember("4")] };

    expect(before(limit, aMember("3")).map(({ stamp }) => stamp)).toEqual(["1", "2"]);
    expect(before(limit, aMember("9")).map(({ stamp }) => stamp)).toEqual(["1", "2", "3", "4"]);
    expect(withdraw(limit, aMember("3")).waiters.map(({ stamp }) => stamp)).toEqual(["2", "4"]);
    expect(withdraw(limit, aMember("9"))).toBe(limit);
  });

  it("lets a later claim of a member take over its place, and an earlier one take nothing back", () => {
    const [earlier, later] = [aMember("1", { basis: 4 }), aMember("1", { basis: 7 })];
    const held: Limit = { holders: [aMember("0"), earlier], waiters: [] };
    const standing: Limit = { holders: [aMember("0")], waiters: [aMember("2"), earlier, aMember("3")] };

    expect(admit(held, later)).toEqual({
      kind: "admitted",
      limit: { holders: [aMember("0"), later], waiters: [] },
    });
    expect(admit(held, earlier)).toEqual({ kind: "held" });
    expect(admit({ holders: [later], waiters: [] }, earlier)).toEqual({ kind: "held" });
    expect(enqueue(standing, later).waiters).toEqual([aMember("2"), later, aMember("3")]);
    expect(enqueue(standing, earlier)).toBe(standing);
    expect(enqueue(enqueue(standing, later), earlier).waiters).toContainEqual(later);
  });

  it("takes a place without a basis for one of a claim without a record", () => {
    const { basis: _, ...former } = aMember("1");

    expect(admit({ holders: [former], waiters: [] }, aMember("1", { basis: 0 }))).toEqual({ kind: "held" });
    expect(admit({ holders: [former], waiters: [] }, aMember("1", { basis: 1 })).kind).toBe("admitted");
    expect(findLeftover({ holders: [former], waiters: [] }, former, 1)).toBe(former);
  });

  it.each([
    ["holds it", { holders: [aMember("1", { basis: 4 })], waiters: [] }],
    [
      "stands in line",
      { holders: [aMember("0", { basis: 1 })], waiters: [aMember("2", { basis: 1 }), aMember("1", { basis: 4 })] },
    ],
  ])(
    "knows what a claim before a revision has left of a run that %s, and leaves alone what a later one has",
    (_, limit) => {
      expect(findLeftover(limit, aMember("1"), 5)).toEqual(aMember("1", { basis: 4 }));
      expect(findLeftover(limit, aMember("1"), 4)).toBeUndefined();
      expect(findLeftover(limit, aMember("9"), 5)).toBeUndefined();
      expect(findLeftover(limit, { ...aMember("1"), job: "b" }, 5)).toBeUndefined();
    },
  );

  it("lets everybody in by what they say of it, not by what the one says that leaves", () => {
    const limit: Limit = {
      holders: [aMember("1", { capacity: 9 })],
      waiters: [aMember("2", { capacity: 1 }), aMember("3", { capacity: 9 })],
    };
    const after = leave(limit, (member) => member.stamp === "1");

    expect(after.promoted.map(({ stamp }) => stamp)).toEqual(["2", "3"]);
    expect(leave(after.limit, (member) => member.stamp === "3").limit.holders).toHaveLength(1);
    const full: Limit = { ...limit, waiters: [aMember("3", { capacity: 9 }), aMember("2", { capacity: 1 })] };
    expect(leave(full, (member) => member.stamp === "1").promoted.map(({ stamp }) => stamp)).toEqual(["3"]);
  });

  it("is never exceeded, keeps no one waiting when there is room, and holds nobody twice", () => {
    const member = fc.record({
      weight: fc.integer({ min: 1, max: 4 }),
      capacity: fc.integer({ min: 1, max: 5 }),
    });
    const step = fc.record({ enters: fc.boolean(), who: fc.integer({ min: 0, max: 9 }) });
    const members = fc.array(member, { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(members, fc.array(step, { maxLength: 60 }), (takes, steps) => {
        let limit = NO_HOLDERS;
        for (const { enters, who } of steps) {
          const stamp = String(who);
          const member = aMember(stamp, takes[who]);
          const former = limit.holders.filter((holder) => !(holder.stamp === stamp && !enters));
          if (enters) {
            const admission = admit(limit, member);
            if (admission.kind === "admitted") limit = admission.limit;
            else if (admission.kind === "full") limit = enqueue(limit, member);
          } else {
            limit = leave(limit, (each) => each.stamp === stamp).limit;
          }
          const stamps = [...limit.holders, ...limit.waiters].map((each) => each.stamp);
          expect(new Set(stamps).size).toBe(stamps.length);
          for (let count = Math.max(2, former.length + 1); count <= limit.holders.length; count += 1) {
            const holders = limit.holders.slice(0, count);
            expect(usedWeight({ holders })).toBeLessThanOrEqual(holders.at(-1)?.capacity ?? 0);
          }
          const [first] = limit.waiters;
          if (first !== undefined) expect(usedWeight(limit) + first.weight).toBeGreaterThan(first.capacity);
        }
      }),
      { seed: 20_260_105, numRuns: 300 },
    );
  });
});

function aMember(stamp: string, { weight = 1, capacity = 2, basis }: Partial<Member> = {}): Member {
  return { namespace: "default", job: "a", stamp, weight, capacity, ...(basis === undefined ? {} : { basis }) };
}

function admitted(limit: Limit, member: Member): Limit {
  const admission = admit(limit, member);
  if (admission.kind !== "admitted") throw new Error(`Not admitted: ${admission.kind}`);
  return admission.limit;
}
