import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Table } from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";
import { aKey } from "./table-items.ts";

/** What single reads and writes of a Table promise. */
export function describeWrites(open: () => Promise<Table>): void {
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
