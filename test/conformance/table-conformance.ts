import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MAX_BATCH_GET,
  MAX_BATCH_WRITE,
  type BatchWrite,
  type Key,
  type Query,
  type Stored,
  type Table,
  type WriteResult,
} from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";

/** What every Table promises. `open` gives a table that may hold other partitions' items; each test uses its own. */
export function tableConformance(name: string, open: () => Promise<Table>): void {
  describe(`${name} keeps the Table port`, () => {
    describeWrites(open);
    describeConcurrency(open);
    describeBatches(open);
    describeQueries(open);
    describeLimits(open);
  });
}

function describeWrites(open: () => Promise<Table>): void {
  it("get() finds nothing under a key that was never written", async () => {
    expect(await (await open()).get(aKey())).toBeUndefined();
  });

  it("put() of an absent item stores it at revision 1", async () => {
    const table = await open();
    const key = aKey();

    expect(await table.put(key, { a: 1 }, "absent")).toEqual({ ok: true, rev: 1 });
    expect(await table.get(key)).toEqual({ key, body: { a: 1 }, rev: 1 });
  });

  it("put() that expects no item returns the one that is there, and leaves it", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "absent");

    expect(await table.put(key, { a: 2 }, "absent")).toEqual({ ok: false, current: { key, body: { a: 1 }, rev: 1 } });
    expect(await table.get(key)).toEqual({ key, body: { a: 1 }, rev: 1 });
  });

  it("put() at the current revision replaces the whole item and raises the revision", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1, b: 1 }, "absent");

    expect(await table.put(key, { a: 2 }, 1)).toEqual({ ok: true, rev: 2 });
    expect(await table.get(key)).toEqual({ key, body: { a: 2 }, rev: 2 });
  });

  it("put() at a former revision returns the current item, and leaves it", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "absent");
    await table.put(key, { a: 2 }, 1);

    expect(await table.put(key, { a: 3 }, 1)).toEqual({ ok: false, current: { key, body: { a: 2 }, rev: 2 } });
    expect(await table.get(key)).toEqual({ key, body: { a: 2 }, rev: 2 });
  });

  it("put() at a revision of an absent item fails without a current one, and creates nothing", async () => {
    const table = await open();
    const key = aKey();

    expect(await table.put(key, { a: 1 }, 1)).toEqual({ ok: false, current: undefined });
    expect(await table.get(key)).toBeUndefined();
  });

  it("put() without a condition creates at revision 1 and raises an existing item's revision", async () => {
    const table = await open();
    const key = aKey();

    expect(await table.put(key, { a: 1 }, "any")).toEqual({ ok: true, rev: 1 });
    expect(await table.put(key, { a: 2 }, "any")).toEqual({ ok: true, rev: 2 });
  });

  it("put() stores the body as it was at the call", async () => {
    const table = await open();
    const key = aKey();
    const body = { a: 1 };

    const written = table.put(key, body, "any");
    body.a = 2;
    await written;

    expect((await table.get(key))?.body).toEqual({ a: 1 });
  });

  it.each<{ what: string; expect: "any" | number }>([
    { what: "without a condition", expect: "any" },
    { what: "at its revision", expect: 2 },
  ])("delete() $what removes the item and tells the revision removed", async ({ expect: expectation }) => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "any");
    await table.put(key, { a: 2 }, "any");

    expect(await table.delete(key, expectation)).toEqual({ ok: true, rev: 2 });
    expect(await table.get(key)).toBeUndefined();
  });

  it.each<{ what: string; expect: "absent" | number }>([
    { what: "at a former revision", expect: 1 },
    { what: "that expects no item", expect: "absent" },
  ])("delete() $what returns the current item, and leaves it", async ({ expect: expectation }) => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "any");
    await table.put(key, { a: 2 }, "any");

    expect(await table.delete(key, expectation)).toEqual({ ok: false, current: { key, body: { a: 2 }, rev: 2 } });
    expect((await table.get(key))?.rev).toBe(2);
  });

  it("delete() of an absent item succeeds unless it expects a revision", async () => {
    const table = await open();

    expect(await table.delete(aKey(), "any")).toEqual({ ok: true, rev: 0 });
    expect(await table.delete(aKey(), "absent")).toEqual({ ok: true, rev: 0 });
    expect(await table.delete(aKey(), 1)).toEqual({ ok: false, current: undefined });
  });

  it("put() after a delete starts again at revision 1", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, { a: 1 }, "any");
    await table.put(key, { a: 2 }, "any");
    await table.delete(key, 2);

    expect(await table.put(key, { a: 3 }, "absent")).toEqual({ ok: true, rev: 1 });
  });

  it("get() gives back every JSON value as it was put", async () => {
    const table = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ noUnicodeString: false })),
        async (body) => {
          const key = aKey();
          const json = JSON.parse(JSON.stringify(body)) as object;
          await table.put(key, json, "any");
          expect((await table.get(key))?.body).toEqual(json);
        },
      ),
      { seed: 20_260_101, numRuns: 20 },
    );
  });

  it("items whose keys differ only in where pk ends are different items", async () => {
    const table = await open();
    const name = uniqueName();
    await table.put({ pk: `${name}a`, sk: "b" }, { at: 1 }, "absent");

    expect(await table.put({ pk: name, sk: "ab" }, { at: 2 }, "absent")).toEqual({ ok: true, rev: 1 });
  });
}

function describeConcurrency(open: () => Promise<Table>): void {
  it.each([2, 200])("of %i concurrent puts at one revision exactly one wins", async (count) => {
    const table = await open();
    const key = aKey();
    await table.put(key, { by: -1 }, "absent");

    const results = await Promise.all(Array.from({ length: count }, (_, by) => table.put(key, { by }, 1)));

    const winner = results.findIndex((result) => result.ok);
    expect(results.filter((result) => result.ok)).toEqual([{ ok: true, rev: 2 }]);
    expect(await table.get(key)).toEqual({ key, body: { by: winner }, rev: 2 });
  });

  it("of 200 concurrent puts of an absent item exactly one wins, and the others see it", async () => {
    const table = await open();
    const key = aKey();

    const results = await Promise.all(Array.from({ length: 200 }, (_, by) => table.put(key, { by }, "absent")));

    const winner = results.findIndex((result) => result.ok);
    const losers = results.filter((result) => !result.ok);
    expect(losers).toHaveLength(199);
    expect(losers).toEqual(losers.map(() => ({ ok: false, current: { key, body: { by: winner }, rev: 1 } })));
  });

  it("200 concurrent puts without a condition get 200 different revisions", async () => {
    const table = await open();
    const key = aKey();

    const results = await Promise.all(Array.from({ length: 200 }, () => table.put(key, {}, "any")));

    expect(results.map(revOf).sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it("read-and-put loops that retry on conflict lose no update", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, { count: 0 }, "absent");

    await Promise.all(Array.from({ length: 20 }, () => increment(table, key)));

    expect(await table.get(key)).toEqual({ key, body: { count: 20 }, rev: 21 });
  });

  it("of a concurrent put and delete at one revision exactly one wins", async () => {
    const table = await open();
    const key = aKey();
    await table.put(key, {}, "absent");

    const results = await Promise.all([table.put(key, { kept: true }, 1), table.delete(key, 1)]);

    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect((await table.get(key)) !== undefined).toBe(results[0].ok);
  });
}

function describeBatches(open: () => Promise<Table>): void {
  it("batchGet() gives those that exist, with body and revision", async () => {
    const table = await open();
    const [here, there, nowhere] = [aKey(), aKey(), aKey()];
    await table.put(here, { a: 1 }, "any");
    await table.put(there, { a: 2 }, "any");
    await table.put(there, { a: 3 }, "any");

    const found = await table.batchGet([nowhere, there, here]);

    expect(byPartition(found)).toEqual(
      byPartition([
        { key: here, body: { a: 1 }, rev: 1 },
        { key: there, body: { a: 3 }, rev: 2 },
      ]),
    );
  });

  it("batchGet() takes no keys and as many as a batch may have", async () => {
    const table = await open();
    const keys = Array.from({ length: MAX_BATCH_GET }, (_, index) => ({ pk: uniqueName(), sk: `${index}` }));
    await Promise.all(keys.map((key) => table.put(key, {}, "any")));

    expect(await table.batchGet([])).toEqual([]);
    expect(await table.batchGet(keys)).toHaveLength(MAX_BATCH_GET);
  });

  it("batchWrite() puts and deletes", async () => {
    const table = await open();
    const [fresh, existing, removed, absent] = [aKey(), aKey(), aKey(), aKey()];
    await table.put(existing, { a: 1 }, "any");
    await table.put(removed, {}, "any");

    await writeAll(table, [
      { put: { key: fresh, body: { a: 1 } } },
      { put: { key: existing, body: { a: 2 } } },
      { delete: removed },
      { delete: absent },
    ]);

    expect(await table.get(fresh)).toMatchObject({ key: fresh, body: { a: 1 } });
    expect(await table.get(existing)).toMatchObject({ key: existing, body: { a: 2 } });
    expect(await table.get(removed)).toBeUndefined();
  });

  it("batchWrite() gives items higher revisions each time, from which single writes go on", async () => {
    const table = await open();
    const key = aKey();
    let last = revOf(await table.put(key, { n: 0 }, "absent"));

    for (let n = 1; n <= 5; n++) {
      await writeAll(table, [{ put: { key, body: { n } } }]);
      const rev = (await table.get(key))?.rev ?? 0;
      expect(rev).toBeGreaterThan(last);
      expect(await table.put(key, { n }, last)).toEqual({ ok: false, current: { key, body: { n }, rev } });
      expect(await table.put(key, { n }, rev)).toEqual({ ok: true, rev: rev + 1 });
      last = rev + 1;
    }
  });

  it("batchWrite() takes no writes and as many as a batch may have", async () => {
    const table = await open();
    const pk = uniqueName();
    const writes = Array.from({ length: MAX_BATCH_WRITE }, (_, n) => ({
      put: { key: { pk, sk: `${n}` }, body: { n } },
    }));

    expect(await table.batchWrite([])).toEqual([]);
    await writeAll(table, writes);

    expect(await queryAll(table, { pk, limit: 100 })).toHaveLength(MAX_BATCH_WRITE);
  });
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

function describeLimits(open: () => Promise<Table>): void {
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

const MAX_PAGES = 1_000;
const MAX_TRIES = 1_000;

function aKey(): Key {
  return { pk: uniqueName(), sk: "item" };
}

async function aPartitionOf(table: Table, sks: readonly string[]): Promise<string> {
  const pk = uniqueName();
  await Promise.all(sks.map((sk) => table.put({ pk, sk }, {}, "absent")));
  return pk;
}

/** All pages; a page may be empty and still have a next one. */
async function queryAll(table: Table, query: Query): Promise<Stored[]> {
  const items: Stored[] = [];
  let page = await table.query(query);
  items.push(...page.items);
  for (let count = 1; page.next !== undefined && count < MAX_PAGES; count++) {
    page = await table.query({ ...query, after: page.next });
    items.push(...page.items);
  }
  return items;
}

/** Writes again what was declined, until nothing is. */
async function writeAll(table: Table, writes: readonly BatchWrite[]): Promise<void> {
  for (let left = writes, tries = 0; left.length > 0 && tries < MAX_TRIES; tries++) left = await table.batchWrite(left);
}

async function increment(table: Table, key: Key): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const stored = await table.get(key);
    if (stored === undefined) return;
    const { count } = stored.body as { count: number };
    if ((await table.put(key, { count: count + 1 }, stored.rev)).ok) return;
  }
}

function revOf(result: WriteResult): number {
  return result.ok ? result.rev : 0;
}

function byPartition(items: readonly Stored[]): Stored[] {
  return items.toSorted((left, right) => byUtf8(left.key.pk, right.key.pk));
}

function byUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
