import { expect, it } from "vitest";
import {
  MAX_BATCH_GET,
  MAX_BATCH_WRITE,
  type BatchWrite,
  type Key,
  type Stored,
  type Table,
  type WriteResult,
} from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";
import { aKey, byUtf8, queryAll } from "./table-items.ts";

/** What a Table promises when many write at once: each for itself, or one of them many items. */
export function describeRacesAndBatches(open: () => Promise<Table>): void {
  describeRaces(open);
  describeBatches(open);
}

function describeRaces(open: () => Promise<Table>): void {
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

const MAX_TRIES = 1_000;

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
