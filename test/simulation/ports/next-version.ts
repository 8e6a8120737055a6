import type { Body, Key, Table } from "../../../core/ports/table.ts";

/** A field that this version has never heard of. */
export const LATER = "later";

/**
 * The table as a process of the next version uses it: what it writes has a field more, which this version has to leave
 * where it is. Of a job it is in the definition: a version of a job is written whole, by whoever makes it.
 */
export function nextVersion(table: Table): Table {
  return {
    get: (key) => table.get(key),
    batchGet: (keys) => table.batchGet(keys),
    query: (query) => table.query(query),
    delete: (key, expect) => table.delete(key, expect),
    batchWrite: (writes) => table.batchWrite(writes),
    put: (key, body, expect, options) => table.put(key, withMore(key, body), expect, options),
  };
}

/** The field of the next version in an item, if it has one. */
export function laterOf(key: Key, body: Body | undefined): unknown {
  if (body === undefined) return undefined;
  const place = isJob(key) ? (body as { definition: object }).definition : body;
  return (place as Readonly<Record<string, unknown>>)[LATER];
}

/** Items that are read, changed and written again. */
export function isKept(key: Key): boolean {
  return isJob(key) || /^(?:run|limit|backfill)#/.test(key.pk);
}

function withMore(key: Key, body: Body): Body {
  if (!isKept(key) || laterOf(key, body) !== undefined) return body;
  if (!isJob(key)) return { ...body, [LATER]: "kept" };
  const { definition } = body as { definition: object };
  return { ...body, definition: { ...definition, [LATER]: "kept" } };
}

function isJob({ pk, sk }: Key): boolean {
  return pk.startsWith("ns#") && sk.startsWith("job#");
}
