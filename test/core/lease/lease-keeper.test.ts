import { describe, expect, it } from "vitest";
import { fairShare, type Lease } from "../../../core/lease/lease.ts";
import { LeaseKeeper } from "../../../core/lease/lease-keeper.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryTable } from "../../support/memory-table.ts";
import { type Fault, PortFaults } from "../../support/port-faults.ts";

const SHARDS = 8;
const DURATION_MS = 6_000;

describe("LeaseKeeper", () => {
  it("alone holds every shard", async () => {
    const { keepers } = aHouse(1);
    await rounds(keepers);

    expect(keepers[0]?.owned()).toHaveLength(SHARDS);
  });

  it("shares fairly with others that come, and together they hold everything once", async () => {
    const house = aHouse(3);
    const [first] = house.keepers;
    await first?.round();
    for (let i = 0; i < 4; i += 1) await rounds(house.keepers);

    const owned = house.keepers.map((keeper) => keeper.owned());
    expect(inOrder(owned.map((shards) => shards.length))).toEqual([2, 3, 3]);
    expect(inOrder(owned.flat())).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("takes over what has been silent for a lease's duration, not earlier", async () => {
    const { clock, keepers } = aHouse(2);
    for (let i = 0; i < 3; i += 1) await rounds(keepers);
    const survivor = keepers.slice(1);
    await clock.advance(2_000);
    await rounds(survivor);
    expect(survivor[0]?.owned()).toHaveLength(4);
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(2_000);
      await rounds(survivor);
    }

    expect(survivor[0]?.owned()).toHaveLength(SHARDS);
    expect(keepers[0]?.owned()).toEqual([]);
  });

  it("takes over at once from one that is certainly gone, or that has said good-bye", async () => {
    const { table, clock, keepers } = aHouse(1);
    await rounds(keepers);
    const process = { host: "h", pid: 7 };
    const gone = new LeaseKeeper({ table, clock }, { self: "gone", shards: SHARDS, durationMs: DURATION_MS, process });
    const heir = new LeaseKeeper(
      { table, clock, fateOf: () => "gone" },
      { self: "heir", shards: SHARDS, durationMs: DURATION_MS },
    );
    for (let i = 0; i < 3; i += 1) await rounds([gone, ...keepers]);
    await keepers[0]?.release();
    await heir.round();
    await heir.round();

    expect(heir.owned()).toHaveLength(SHARDS);
  });

  it("stops relying on its leases before they can be taken over, and renews them when nobody did", async () => {
    const { clock, keepers } = aHouse(1);
    await rounds(keepers);
    await clock.advance((DURATION_MS * 2) / 3 + 1);
    expect(keepers[0]?.owned()).toEqual([]);
    await rounds(keepers);

    expect(keepers[0]?.owned()).toHaveLength(SHARDS);
  });

  it("raises the epoch with every change of the owner and never lowers it", async () => {
    const { table, clock, keepers } = aHouse(3);
    const epochs = new Map<string, number>();
    table.onCommit(({ key, before, after }) => {
      if (key.pk !== "lease#scheduler") return;
      const [former, lease] = [before as Lease | undefined, after as Lease];
      expect(lease.epoch).toBeGreaterThanOrEqual(former?.epoch ?? 0);
      if (lease.owner !== "" && lease.owner !== former?.owner) {
        expect(lease.epoch).toBeGreaterThan(epochs.get(key.sk) ?? 0);
        epochs.set(key.sk, lease.epoch);
      }
    });
    for (let i = 0; i < 12; i += 1) {
      await clock.advance(2_000);
      await rounds(i < 6 ? keepers.slice(0, 2) : keepers.slice(1));
    }

    expect(epochs.size).toBe(SHARDS);
  });

  it.each<Fault>(["unavailable", "unknown"])(
    "loses no shard for good when any one of its calls fails (%s)",
    async (fault) => {
      for (let number = 1; number <= 60; number += 1) {
        const { table, clock } = aHouse(0);
        const faults = new PortFaults();
        faults.plan = (call) => (call === number ? fault : undefined);
        const shaky = aKeeper({ table: faults.table(table), clock }, "a");
        const other = aKeeper({ table, clock }, "b");
        for (let i = 0; i < 10; i += 1) {
          await clock.advance(1_500);
          await shaky.round().catch(() => undefined);
          if (i > 1) await other.round();
        }

        expect(inOrder([...shaky.owned(), ...other.owned()]), `call ${number}`).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      }
    },
  );
});

describe("fairShare()", () => {
  it.each([
    { shards: 8, members: ["a"], shares: [8] },
    { shards: 8, members: ["a", "b", "c"], shares: [3, 3, 2] },
    { shards: 2, members: ["a", "b", "c"], shares: [1, 1, 0] },
  ])("of $shards shards among $members is $shares", ({ shards, members, shares }) => {
    expect(members.map((self) => fairShare(shards, members.toReversed(), self))).toEqual(shares);
    expect(fairShare(shards, members, "z")).toBe(0);
  });
});

function aHouse(count: number) {
  const [table, clock] = [new MemoryTable(), new ManualClock()];
  const keepers = Array.from({ length: count }, (_, index) => aKeeper({ table, clock }, `s${index}`));
  return { table, clock, keepers };
}

function aKeeper(ports: ConstructorParameters<typeof LeaseKeeper>[0], self: string): LeaseKeeper {
  return new LeaseKeeper(ports, { self, shards: SHARDS, durationMs: DURATION_MS });
}

function inOrder(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

async function rounds(keepers: readonly LeaseKeeper[]): Promise<void> {
  for (const keeper of keepers) await keeper.round();
}
