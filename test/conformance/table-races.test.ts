import { describe, expect, it } from "vitest";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import type { Table } from "../../core/ports/table.ts";
import { openDynalite } from "../support/aws/dynalite.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { openTemporaryStore } from "../support/temporary-store.ts";
import { isExplained, type RaceEvent, type Sight } from "./race-checker.ts";
import { holdToSomeOrder } from "./table-races.ts";

const dynalite = await openDynalite();
const ROUNDS = 200;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

describe(`What 2 to 8 operations at once answer is what some order of them gives, in ${ROUNDS} rounds,`, () => {
  it.each(SEEDS)("in memory, with seed %i", async (seed) => {
    expect(await holdToSomeOrder(new MemoryTable(), { seed, rounds: ROUNDS })).toBeGreaterThan(2 * ROUNDS);
  });

  it.each(SEEDS)("in SQLite, with seed %i", async (seed) => {
    expect(await holdToSomeOrder(openTemporaryStore().table, { seed, rounds: ROUNDS })).toBeGreaterThan(2 * ROUNDS);
  });

  it.each(SEEDS)("in DynamoDB, with seed %i", async (seed) => {
    const table = new DynamoTable({ client: dynalite.client(), tableName: dynalite.tableName });

    expect(await holdToSomeOrder(table, { seed, rounds: ROUNDS, racingBatches: false })).toBeGreaterThan(2 * ROUNDS);
  });
});

describe("The check of races finds", () => {
  it.each<{ what: string; put: (table: Table) => Table["put"] }>([
    {
      what: "a condition that is checked before the write, not with it",
      put: (table) => async (key, body, expect) => {
        const current = await table.get(key);
        const holds = expect === "any" || (expect === "absent" ? current === undefined : current?.rev === expect);
        return holds ? table.put(key, body, "any") : { ok: false, current };
      },
    },
    {
      what: "a refusal that shows what came later",
      put: (table) => async (key, body, expect) => {
        const result = await table.put(key, body, expect);
        return result.ok ? result : { ok: false, current: await table.get(key) };
      },
    },
    {
      what: "a write that is told and lost",
      put: (table) => async (key, body, expect) => {
        const result = await table.put(key, body, expect);
        return result.ok || expect === "any" || result.current === undefined
          ? result
          : { ok: true, rev: result.current.rev + 1 };
      },
    },
  ])("$what", async ({ put }) => {
    const table = new MemoryTable();
    const planted: Table = {
      get: (key) => table.get(key),
      batchGet: (keys) => table.batchGet(keys),
      query: (query) => table.query(query),
      put: put(table),
      delete: (key, expect) => table.delete(key, expect),
      batchWrite: (writes) => table.batchWrite(writes),
    };

    await expect(holdToSomeOrder(planted, { seed: 1, rounds: ROUNDS })).rejects.toThrow("No order explains item ");
  });
});

describe("isExplained()", () => {
  const one = { n: 1, rev: 4 };
  const two = { n: 2, rev: 5 };
  const three = { n: 3, rev: 5 };

  it.each<{ what: string; events: RaceEvent[]; after: Sight; is: boolean }>([
    { what: "nothing that happened", events: [], after: one, is: true },
    { what: "nothing that changed the item", events: [], after: two, is: false },
    {
      what: "one of two that won",
      events: [won(2), { did: "put", n: 3, expect: 4, result: { ok: false, current: two } }],
      after: two,
      is: true,
    },
    { what: "two that won", events: [won(2), won(3)], after: three, is: false },
    {
      what: "a loser that saw what would not have refused it",
      events: [won(2), { did: "put", n: 3, expect: 4, result: { ok: false, current: one } }],
      after: two,
      is: false,
    },
    {
      what: "a read of a state between two writes",
      events: [{ did: "put", n: 3, expect: 5, result: { ok: true, rev: 6 } }, { did: "read", saw: two }, won(2)],
      after: { n: 3, rev: 6 },
      is: true,
    },
    {
      what: "a batch that raises the revision by any step",
      events: [{ did: "batchPut", n: 9 }],
      after: { n: 9, rev: 70 },
      is: true,
    },
    {
      what: "a batch that does not raise it",
      events: [{ did: "batchPut", n: 9 }],
      after: { n: 9, rev: 4 },
      is: false,
    },
    {
      what: "a new item that counts on",
      events: [{ did: "batchDelete" }, { did: "put", n: 2, expect: "any", result: { ok: true, rev: 6 } }],
      after: { n: 2, rev: 6 },
      is: false,
    },
  ])("$what: $is", ({ events, after, is }) => {
    expect(isExplained(one, events, after)).toBe(is);
  });
});

function won(n: number): RaceEvent {
  return { did: "put", n, expect: 4, result: { ok: true, rev: 5 } };
}
