import * as fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_BATCH_GET, MAX_BATCH_WRITE, type Key, type Query, type Table } from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";
import { aKey, byUtf8, MAX_PAGES, queryAll } from "./table-items.ts";

/** What queries of a Table promise, and what it refuses: the bounds of ranges, keys, bodies and batches. */
export function describeQueriesAndBounds(open: () => Promise<Table>): void {
  describeQueries(open);
  describeBounds(open);
}

function describeQueries(open: () => Promise<Table>): void {
  const sks = ["a", "b", "c", "d", "e"];
  it.each<{ what: string; query: Omit<Query, "pk" | "limit">; gives: string }>([
    { what: "everything", query: {}, gives: "abcde" },
    { what: "from a key, that key included", query: { from: "b" }, gives: "bcde" },
    { what: "from between two keys", query: { from: "bb" }, gives: "cde" },
    { what: "before a key, that key excluded", query: { before: "d" }, gives: "abc" },
    { what: "between two", query: { from: "b", before: "d" }, gives: "bc" },
    { what: "nothing of an empty range", query: { from: "c", before: "c" }, gives: "" },
    { what: "nothing of a reversed range", query: { from: "d", before: "b" }, gives: "" },
    { what: "after a key, that key excluded", query: { after: "b" }, gives: "cde" },
    { what: "after a key below the range", query: { from: "c", after: "a" }, gives: "cde" },
    { what: "nothing after the last", query: { after: "e" }, gives: "" },
    { what: "everything, descending", query: { descending: true }, gives: "edcba" },
    { what: "a range, descending", query: { from: "b", before: "d", descending: true }, gives: "cb" },
    { what: "after a key, descending", query: { after: "d", descending: true }, gives: "cba" },
    {
      what: "after a key above the range, descending",
      query: { before: "c", after: "e", descending: true },
      gives: "ba",
    },
  ])("query() gives $what", async ({ query, gives }) => {
    const table = await open();
    const pk = await aPartitionOf(table, sks);

    for (const limit of [1, 2, 5, 1_000]) {
      const items = await queryAll(table, { pk, limit, ...query });
      expect(items.map((item) => item.key.sk).join("")).toBe(gives);
    }
  });

  it("query() gives whole items, of its partition alone", async () => {
    const table = await open();
    const pk = await aPartitionOf(table, ["x"]);
    await table.put({ pk: `${pk}0`, sk: "y" }, {}, "any");
    await table.put({ pk, sk: "x" }, { a: 1 }, "any");

    expect(await queryAll(table, { pk, limit: 10 })).toEqual([{ key: { pk, sk: "x" }, body: { a: 1 }, rev: 2 }]);
    expect(await queryAll(table, { pk: uniqueName(), limit: 10 })).toEqual([]);
  });

  it("query() never gives more than its limit", async () => {
    const table = await open();
    const pk = await aPartitionOf(table, sks);

    expect((await table.query({ pk, limit: 2 })).items.length).toBeLessThanOrEqual(2);
  });

  it("query() orders by the bytes of UTF-8, not by UTF-16 units or a language's rules", async () => {
    const table = await open();
    const ordered = [
      "#",
      "-",
      "0",
      "10",
      "9",
      "A",
      "Z",
      "_",
      "a",
      "a\u0000",
      "a#",
      "ab",
      "z",
      "\u00e4",
      "\uff5e",
      "\u{1f514}",
    ];
    const pk = await aPartitionOf(table, ordered.toReversed());

    expect((await queryAll(table, { pk, limit: 3 })).map((item) => item.key.sk)).toEqual(ordered);
    expect((await queryAll(table, { pk, limit: 3, descending: true })).map((item) => item.key.sk)).toEqual(
      ordered.toReversed(),
    );
  });

  it("query() pages over any keys and any range as one sorted list would", async () => {
    const table = await open();
    const key = fc.string({ unit: "binary", minLength: 1, maxLength: 4 });
    const query = fc.record(
      { from: key, before: key, descending: fc.boolean(), limit: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: ["limit"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), query, async (keys, range) => {
        const pk = await aPartitionOf(table, keys);
        const { from, before, descending = false } = range;
        const inRange = keys
          .filter(
            (sk) => (from === undefined || byUtf8(sk, from) >= 0) && (before === undefined || byUtf8(sk, before) < 0),
          )
          .sort(byUtf8);
        expect((await queryAll(table, { pk, ...range })).map((item) => item.key.sk)).toEqual(
          descending ? inRange.toReversed() : inRange,
        );
      }),
      { seed: 20_260_102, numRuns: 25 },
    );
  });

  it("query() meets every item that exists throughout while others come and go", async () => {
    const table = await open();
    const lasting = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, "0")}`);
    const pk = await aPartitionOf(table, lasting);
    const seen: string[] = [];

    let after: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { items, next } = await table.query({ pk, limit: 3, ...(after === undefined ? {} : { after }) });
      seen.push(...items.map((item) => item.key.sk));
      await table.put({ pk, sk: `${items.at(-1)?.key.sk ?? "k"}+` }, {}, "any");
      if (page > 0) await table.delete({ pk, sk: `${seen[0]}+` }, "any");
      if (next === undefined) break;
      after = next;
    }

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((sk) => !sk.endsWith("+"))).toEqual(lasting);
  });
}

function describeBounds(open: () => Promise<Table>): void {
  const longest = "k".repeat(1_024);
  it.each<{ what: string; key: Key }>([
    { what: "an empty pk", key: { pk: "", sk: "a" } },
    { what: "an empty sk", key: { pk: "a", sk: "" } },
    { what: "a pk of 1,025 bytes", key: { pk: `${longest}k`, sk: "a" } },
    { what: "an sk of 1,025 bytes", key: { pk: "a", sk: `${longest}k` } },
    { what: "an sk of 513 characters and 1,026 bytes", key: { pk: "a", sk: "\u00e4".repeat(513) } },
    { what: "half a surrogate pair", key: { pk: "a", sk: "\ud83d" } },
  ])("refuses $what wherever a key is given", async ({ key }) => {
    const table = await open();

    await expect(table.get(key)).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.batchGet([key])).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.put(key, {}, "any")).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.delete(key, "any")).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.batchWrite([{ delete: key }])).rejects.toMatchObject({ code: "INVALID" });
  });

  it("takes keys of 1,024 bytes", async () => {
    const table = await open();
    const pk = uniqueName().padEnd(1_024, "k");
    await table.put({ pk, sk: longest }, {}, "any");

    expect((await queryAll(table, { pk, limit: 10 })).map((item) => item.key)).toEqual([{ pk, sk: longest }]);
  });

  it("takes bodies of 350 KB and refuses larger ones, measured in bytes", async () => {
    const table = await open();
    const key = aKey();
    const fits = "\u00e4".repeat((350 * 1_024 - '{"t":""}'.length) / 2);

    await table.put(key, { t: fits }, "any");
    await expect(table.put(key, { t: `${fits}b` }, "any")).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.batchWrite([{ put: { key, body: { t: `${fits}b` } } }])).rejects.toMatchObject({
      code: "INVALID",
    });

    expect(await table.get(key)).toEqual({ key, body: { t: fits }, rev: 1 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, 1e300])("refuses to expect revision %d", async (rev) => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "any");

    await expect(table.put(key, { a: 2 }, rev)).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.delete(key, rev)).rejects.toMatchObject({ code: "INVALID" });
    expect(await table.get(key)).toEqual({ key, body: { a: 1 }, rev: 1 });
  });

  it("refuses batches that are too long or name an item twice", async () => {
    const table = await open();
    const key = aKey();
    const keys = Array.from({ length: MAX_BATCH_GET + 1 }, aKey);

    await expect(table.batchGet(keys)).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.batchGet([key, { ...key }])).rejects.toMatchObject({ code: "INVALID" });
    await expect(
      table.batchWrite(keys.slice(0, MAX_BATCH_WRITE + 1).map((each) => ({ delete: each }))),
    ).rejects.toMatchObject({ code: "INVALID" });
    await expect(table.batchWrite([{ delete: key }, { put: { key, body: {} } }])).rejects.toMatchObject({
      code: "INVALID",
    });
  });

  it.each([0, -1, 1.5, 1_001, Number.NaN])("refuses a query with limit %d", async (limit) => {
    await expect((await open()).query({ pk: "p", limit })).rejects.toMatchObject({ code: "INVALID" });
  });
}

async function aPartitionOf(table: Table, sks: readonly string[]): Promise<string> {
  const pk = uniqueName();
  await Promise.all(sks.map((sk) => table.put({ pk, sk }, {}, "absent")));
  return pk;
}
