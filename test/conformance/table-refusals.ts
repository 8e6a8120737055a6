import { MAX_BATCH_GET, MAX_BATCH_WRITE, type Key, type Table } from "../../core/ports/table.ts";

/** Calls that every table refuses with `INVALID`, and that change nothing. Each names the item at `key`, which may exist. */
const CALLS = {
  "an empty sk": (table, { pk }) => table.get({ pk, sk: "" }),
  "an empty pk": (table, { sk }) => table.delete({ pk: "", sk }, "any"),
  "an sk of 1,025 bytes": (table, { pk }) => table.put({ pk, sk: "k".repeat(1_025) }, {}, "any"),
  "an sk of 513 characters and 1,026 bytes": (table, { pk }) => table.put({ pk, sk: "ä".repeat(513) }, {}, "any"),
  "a pk of 1,025 bytes": (table, { sk }) => table.get({ pk: "k".repeat(1_025), sk }),
  "half a surrogate pair": (table, { pk }) => table.put({ pk, sk: "a\ud83d" }, {}, "any"),
  "half a surrogate pair in a batch": (table, key) =>
    table.batchWrite([{ put: { key, body: { refused: true } } }, { delete: { pk: key.pk, sk: "\udd14" } }]),
  "a body that is a list": (table, key) => table.put(key, [], "any"),
  "a body one byte too large": (table, key) => table.put(key, TOO_LARGE, "any"),
  "a body too large, refused before its condition": (table, key) => table.put(key, TOO_LARGE, "absent"),
  "a good put beside a body too large": (table, key) =>
    table.batchWrite([
      { put: { key, body: { refused: true } } },
      { put: { key: { pk: key.pk, sk: "large" }, body: TOO_LARGE } },
    ]),
  "a get of 101": (table, { pk }) => table.batchGet(keysOf(pk, MAX_BATCH_GET + 1)),
  "a get of one item twice": (table, key) => table.batchGet([key, { ...key }]),
  "26 writes": (table, { pk }) =>
    table.batchWrite(keysOf(pk, MAX_BATCH_WRITE + 1).map((key) => ({ put: { key, body: {} } }))),
  "an item put and deleted in one batch": (table, key) =>
    table.batchWrite([{ put: { key, body: { refused: true } } }, { delete: { ...key } }]),
  "an expected revision that is no number": (table, key) => table.put(key, {}, Number.NaN),
  "an expected revision without end": (table, key) => table.delete(key, Number.POSITIVE_INFINITY),
  "an expected revision of 1.5": (table, key) => table.put(key, {}, 1.5),
  "an expected revision beyond what can be counted": (table, key) => table.delete(key, 2 ** 53),
  "a limit of 0": (table, { pk }) => table.query({ pk, limit: 0 }),
  "a limit of 1,001": (table, { pk }) => table.query({ pk, limit: 1_001 }),
  "a limit of 1.5": (table, { pk }) => table.query({ pk, limit: 1.5 }),
  "a limit that is no number": (table, { pk }) => table.query({ pk, limit: Number.NaN }),
  "an empty from": (table, { pk }) => table.query({ pk, from: "", limit: 1 }),
  "an empty before": (table, { pk }) => table.query({ pk, before: "", limit: 1 }),
  "an after of 1,025 bytes": (table, { pk }) => table.query({ pk, after: "k".repeat(1_025), limit: 1 }),
  "half a surrogate pair as a bound of an empty range": (table, { pk }) =>
    table.query({ pk, from: "b", before: "\ud83d", limit: 1 }),
} satisfies Record<string, (table: Table, key: Key) => Promise<unknown>>;

export type BrokenRule = keyof typeof CALLS;

export const BROKEN_RULES = Object.keys(CALLS) as readonly BrokenRule[];

export function breakRule(rule: BrokenRule, table: Table, key: Key): Promise<unknown> {
  return CALLS[rule](table, key);
}

const TOO_LARGE = { t: "k".repeat(350 * 1_024 - '{"t":""}'.length + 1) };

function keysOf(pk: string, count: number): Key[] {
  return Array.from({ length: count }, (_, index) => ({ pk, sk: `${index}` }));
}
