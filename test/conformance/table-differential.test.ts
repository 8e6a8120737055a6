import { describe, expect, it } from "vitest";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import type { Body, Key, Query, Table } from "../../core/ports/table.ts";
import { openDynalite } from "../support/aws/dynalite.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { openTemporaryStore } from "../support/temporary-store.ts";
import { findDifference, holdToSameAnswers, shrinkHistory } from "./table-differential.ts";
import { aHistory, textOf } from "./table-history.ts";

const dynalite = await openDynalite();
const OPERATIONS = 500;

describe(`Tables give the same answers to histories of ${OPERATIONS} operations`, () => {
  it.each(seeds(4_000, 40))("in memory and in SQLite, with seed %i", async (seed) => {
    const tables = { memory: new MemoryTable(), sqlite: openTemporaryStore().table };

    await expect(holdToSameAnswers(tables, { seed, operations: OPERATIONS })).resolves.toBeUndefined();
  });

  // dynalite compares the bounds of a query by UTF-16 units, DynamoDB by bytes of UTF-8: see `characters`.
  it.each(seeds(5_000, 22))("in memory, in SQLite and in DynamoDB, with seed %i", async (seed) => {
    const tables = {
      memory: new MemoryTable(),
      sqlite: openTemporaryStore().table,
      dynamo: new DynamoTable({ client: dynalite.client(), tableName: dynalite.tableName }),
    };

    await expect(
      holdToSameAnswers(tables, { seed, operations: OPERATIONS, characters: "unmixed" }),
    ).resolves.toBeUndefined();
  });
});

describe("The comparison of tables finds", () => {
  it.each<{ what: string; plant: (table: Table) => Partial<Table>; atMost: number }>([
    {
      what: "a stale revision that is accepted",
      plant: (table) => ({
        put: async (key, body, expect) => {
          const rev = (await table.get(key))?.rev ?? 0;
          return table.put(key, body, typeof expect === "number" && expect < rev ? "any" : expect);
        },
      }),
      atMost: 4,
    },
    {
      what: "a revision not yet had that is accepted for a delete",
      plant: (table) => ({
        delete: (key, expect) => table.delete(key, typeof expect === "number" && expect > 1 ? expect - 1 : expect),
      }),
      atMost: 3,
    },
    {
      what: "an upper bound that is included",
      plant: (table) => ({ query: (query) => table.query(withBeforeIncluded(query)) }),
      atMost: 3,
    },
    {
      what: "an `after` that is included",
      plant: (table) => ({
        query: async (query) => {
          const { after } = query;
          const again = after === undefined ? undefined : await table.get({ pk: query.pk, sk: after });
          const page = await table.query(query);
          const isAlone = page.items.length < query.limit && query.descending !== true;
          return again !== undefined && isAlone ? { ...page, items: [again, ...page.items] } : page;
        },
      }),
      atMost: 3,
    },
    {
      what: "the order of UTF-16",
      plant: (table) => ({
        query: async (query) => {
          const page = await table.query(query);
          const items = page.items.toSorted((left, right) => (left.key.sk < right.key.sk ? -1 : 1));
          return { ...page, items: query.descending === true ? items.toReversed() : items };
        },
      }),
      atMost: 4,
    },
    {
      what: "an item of a batch that is lost",
      plant: (table) => ({ batchWrite: (writes) => table.batchWrite(writes.slice(0, 24)) }),
      atMost: 30,
    },
    {
      what: "a batch that leaves the revision as it was",
      plant: (table) => ({
        batchWrite: async (writes) => {
          for (const write of writes) {
            if ("delete" in write) await table.delete(write.delete, "any");
            else {
              await table.delete(write.put.key, "any");
              await table.put(write.put.key, write.put.body, "any");
            }
          }
          return [];
        },
      }),
      atMost: 4,
    },
    {
      what: "a zero that keeps its sign",
      plant: (table) => {
        const bodies = new Map<string, Body & { n?: unknown }>();
        return {
          put: (key, body, expect) => {
            if (Object.is((body as { a?: unknown }).a, -0)) bodies.set(JSON.stringify(key), structuredClone(body));
            return table.put(key, body, expect);
          },
          get: async (key) => {
            const found = await table.get(key);
            const kept = bodies.get(JSON.stringify(key));
            return found && kept?.n === (found.body as { n?: unknown }).n ? { ...found, body: kept ?? {} } : found;
          },
        };
      },
      atMost: 4,
    },
    {
      what: "a body that is kept by reference",
      plant: (table) => ({
        put: async (key, body, expect) => {
          await Promise.resolve();
          return table.put(key, body, expect);
        },
      }),
      atMost: 2,
    },
    {
      what: "a refusal that writes its batch up to the bad item",
      plant: (table) => ({
        batchWrite: async (writes) => {
          for (const write of writes) await table.batchWrite([write]);
          return [];
        },
      }),
      atMost: 2,
    },
    {
      what: "a page longer than its limit",
      plant: (table) => ({ query: (query) => table.query({ ...query, limit: Math.min(1_000, query.limit * 2) }) }),
      atMost: 3,
    },
  ])("$what, and shows it in a few operations", async ({ plant, atMost }) => {
    const planted = new MemoryTable();
    const tables = { memory: new MemoryTable(), planted: overlaid(planted, plant(planted)) };

    const error = await firstError(tables);
    expect(error).toMatch(/^Tables differ with seed \d+ at operation \d+: /);
    expect(error).toContain("The shortest history found with a difference has ");
    expect(Number(/has (\d+) operations/.exec(error)?.[1])).toBeLessThanOrEqual(atMost);
  });

  it("a revision that both tables have wrong", async () => {
    const [left, right] = [new MemoryTable(), new MemoryTable()].map((table) =>
      overlaid(table, {
        get: async (key: Key) => {
          const found = await table.get(key);
          return found && { ...found, rev: found.rev + 1 };
        },
      }),
    ) as [Table, Table];

    expect(await firstError({ left, right })).toContain("wrong: ");
  });

  it("nothing between a table and itself, and shrinks a history that shows nothing to itself", async () => {
    const history = aHistory(1, { operations: 20 });
    const tables = { left: new MemoryTable(), right: new MemoryTable() };

    expect(await findDifference(tables, history)).toBeUndefined();
    expect(await shrinkHistory(tables, history)).toEqual(history);
  });
});

describe("A history", () => {
  it("is the same for the same seed, and another for another", () => {
    const [first, again, other] = [7, 7, 8].map((seed) => textOf(aHistory(seed, { operations: 200 })));

    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

function seeds(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** What is wrong with the first of a few seeds that finds something. */
async function firstError(tables: Readonly<Record<string, Table>>): Promise<string> {
  for (const seed of seeds(6_000, 10)) {
    try {
      await holdToSameAnswers(tables, { seed, operations: OPERATIONS });
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "nothing";
}

/** A table with some of its methods replaced. */
function overlaid(table: Table, methods: Partial<Table>): Table {
  return {
    get: (key) => table.get(key),
    batchGet: (keys) => table.batchGet(keys),
    query: (query) => table.query(query),
    put: (key, body, expect) => table.put(key, body, expect),
    delete: (key, expect) => table.delete(key, expect),
    batchWrite: (writes) => table.batchWrite(writes),
    ...methods,
  };
}

function withBeforeIncluded({ before, ...query }: Query): Query {
  const isLonger = before !== undefined && before.isWellFormed() && Buffer.byteLength(before) < 1_024;
  return { ...query, ...(before === undefined ? {} : { before: isLonger ? `${before}\u0000` : before }) };
}
