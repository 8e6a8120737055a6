import { inspect } from "node:util";
import type { Body, Query } from "../../core/ports/table.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { BROKEN_RULES, type BrokenRule } from "./table-refusals.ts";

/** Where an item stands: in which of the partitions of a run, under which sort key. */
export interface Place {
  readonly part: number;
  readonly sk: string;
}

/**
 * What a write expects. Revisions are named by what they are to the item, since each table counts its own: the present
 * one, the one after it, one that was given and is over (counted backwards), or a number that is nobody's.
 */
export type Expected =
  | "any"
  | "absent"
  | { readonly revision: "present" | "next" }
  | { readonly former: number }
  | { readonly literal: number };

export type Write = { readonly put: Place; readonly body: Body } | { readonly delete: Place };

export type Operation =
  | { readonly op: "get"; readonly at: Place }
  | { readonly op: "batchGet"; readonly at: readonly Place[] }
  | { readonly op: "query"; readonly part: number; readonly range: Omit<Query, "pk"> }
  | { readonly op: "put"; readonly at: Place; readonly body: Body; readonly expected: Expected }
  | { readonly op: "delete"; readonly at: Place; readonly expected: Expected }
  | { readonly op: "batchWrite"; readonly writes: readonly Write[] }
  | { readonly op: "refused"; readonly rule: BrokenRule; readonly at: Place };

export interface HistoryOptions {
  readonly operations: number;
  /**
   * `unmixed`: no history has both surrogates and characters from U+E000 to U+FFFF in its keys, so that the orders by
   * UTF-8 and by UTF-16 are one. For emulators that take the one for the other. Default `all`.
   */
  readonly characters?: "all" | "unmixed";
}

/** How many partitions a history uses. */
export const PARTS = 3;

/** The operations that a seed determines. They meet on few items, so that these are written over, deleted and made anew. */
export function aHistory(seed: number, { operations, characters = "all" }: HistoryOptions): readonly Operation[] {
  const random = new SeededRandom(seed);
  const left = characters === "all" ? undefined : LEFT_OUT[seed % LEFT_OUT.length];
  const all = SORT_KEYS.filter((sk) => left?.test(sk) !== true);
  const hot = Array.from({ length: HOT_KEYS }, () => random.pick(all));
  const draw = new Draws(random, { all, hot });
  const history: Operation[] = [];
  while (history.length < operations) history.push(...draw.step());
  return history.slice(0, operations);
}

/** As a person reads it: long texts are cut. */
export function textOf(value: unknown): string {
  return inspect(value, { depth: null, maxStringLength: 60, maxArrayLength: 30, breakLength: Infinity, compact: true });
}

/** The same operation with less in it, the least first. */
export function simplerOperations(operation: Operation): readonly Operation[] {
  switch (operation.op) {
    case "batchGet":
      return without(operation.at).map((at) => ({ ...operation, at }));
    case "batchWrite":
      return without(operation.writes).map((writes) => ({ ...operation, writes }));
    case "put":
      return Object.keys(operation.body).length === 0 ? [] : [{ ...operation, body: {} }];
    case "query": {
      const { limit, ...bounds } = operation.range;
      const fewer = without(Object.entries(bounds)).map((entries) => ({ ...Object.fromEntries(entries), limit }));
      return fewer.map((range) => ({ ...operation, range }));
    }
    case "get":
    case "delete":
    case "refused":
      return [];
  }
}

function without<T>(items: readonly T[]): T[][] {
  return items.map((_, index) => items.toSpliced(index, 1));
}

const HOT_KEYS = 9;

/** What an unmixed history has none of: surrogates, or what is above them in UTF-16 and below in UTF-8. */
const LEFT_OUT = [/[\ud800-\udfff]/, /[\ue000-\uffff]/];

/** Keys that orders, encodings and limits get wrong. */
const SORT_KEYS: readonly string[] = [
  Array.from("#-09AZ_az~\t %\u0000\u007f\u0080\u0660\u00e4\u07ff\u0800\u4e2d\ud7ff\ue000\uff5e\ufffd\uffff"),
  ["\u{10000}", "\u{1f514}", "\u{10ffff}", "\u{10ffff}\u{10ffff}"],
  ["a\u0000", "a\u0000\u0000", "a\u0000b", "a\u0001", "a#", "aa", "ab", "10", "1e3", "-1", "__proto__"],
  ["a\u{1f514}", "a\uff5e", "a\ue000", "\u{1f514}a", "\uff5ea", "e\u0301", "\u00e9", "NULL", "'; --"],
  ["k".repeat(1_023), "k".repeat(1_024), `${"k".repeat(1_023)}j`, `${"k".repeat(1_023)}\u0000`],
  [`${"k".repeat(1_020)}\u{1f514}`, `${"k".repeat(1_021)}\uff5e`, "\u00e4".repeat(512)],
].flat();

const BODIES: readonly Body[] = [
  {},
  { "": "" },
  { a: -0, b: 0, c: 0.1 + 0.2, d: -1.5e-9 },
  { a: 1e300, b: 5e-324, c: Number.MAX_SAFE_INTEGER, d: Number.MIN_SAFE_INTEGER, e: 1.797e308 },
  { a: true, b: false, c: null, d: [], e: {}, f: [[], {}, [null, [true, { g: "" }]]] },
  { text: '\u0000\t\n"\\/\u007f\u2028\ufeff\uffff\u{1f514}', half: "\ud83d" },
  { left: undefined, list: [undefined, Number.NaN, Number.POSITIVE_INFINITY] },
  { pk: "p", sk: "s", rev: 7, body: "{}", w: 1, S: "s", N: "1" },
  JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": null}') as Body,
  { deep: Array.from({ length: 12 }).reduce<object>((inner) => ({ inner }), {}) },
];
const MAX_BODY_BYTES = 350 * 1_024;
const LITERALS = [0, -1, -0, Number.MAX_SAFE_INTEGER];

/** One in so many puts has a body near the limit. */
const LARGE_ONE_IN = 150;

interface Keys {
  readonly all: readonly string[];
  readonly hot: readonly string[];
}

class Draws {
  readonly #random: SeededRandom;
  readonly #keys: Keys;
  #count = 0;

  constructor(random: SeededRandom, keys: Keys) {
    this.#random = random;
    this.#keys = keys;
  }

  /** One operation, or a batch and the reading of what it wrote. */
  step(): readonly Operation[] {
    const draw = this.#random.between(1, 100);
    if (draw <= 15) return [{ op: "get", at: this.#place() }];
    if (draw <= 22) return [{ op: "batchGet", at: this.#places() }];
    if (draw <= 42) return [{ op: "query", part: this.#part(), range: this.#range() }];
    if (draw <= 72) return [{ op: "put", at: this.#place(), body: this.#body(), expected: this.#expected() }];
    if (draw <= 84) return [{ op: "delete", at: this.#place(), expected: this.#expected() }];
    if (draw <= 97) return this.#batch();
    return [{ op: "refused", rule: this.#random.pick(BROKEN_RULES), at: this.#place() }];
  }

  #batch(): readonly Operation[] {
    const places = this.#places();
    const writes = places.map((place): Write =>
      this.#random.next() < 0.7 ? { put: place, body: this.#body({ large: false }) } : { delete: place },
    );
    const written: Operation = { op: "batchWrite", writes };
    return this.#random.next() < 0.5 ? [written] : [written, { op: "batchGet", at: places }];
  }

  /** The first partition is the busiest. */
  #part(): number {
    return Math.max(0, this.#random.between(0, PARTS + 1) - 2);
  }

  #place(): Place {
    return { part: this.#part(), sk: this.#sk() };
  }

  #sk(): string {
    return this.#random.pick(this.#random.next() < 0.93 ? this.#keys.hot : this.#keys.all);
  }

  /** None to 25, all different. */
  #places(): Place[] {
    const most = this.#random.next() < 0.1 ? 25 : 5;
    const places = Array.from({ length: this.#random.between(0, most) }, () => this.#place());
    return [...new Map(places.map((place) => [`${place.part}/${place.sk}`, place])).values()];
  }

  #range(): Omit<Query, "pk"> {
    const isIn = () => this.#random.next() < 0.45;
    return {
      ...(isIn() ? { from: this.#bound() } : {}),
      ...(isIn() ? { before: this.#bound() } : {}),
      ...(isIn() ? { after: this.#bound() } : {}),
      ...(isIn() ? { descending: this.#random.next() < 0.8 } : {}),
      limit: this.#random.pick([1, 2, 3, 5, 7, 100, 1_000]),
    };
  }

  /** Where items are, just behind one, just before one, or anywhere. */
  #bound(): string {
    const sk = this.#sk();
    const draw = this.#random.between(1, 10);
    if (draw <= 6) return sk;
    if (draw <= 8 && Buffer.byteLength(sk) < 1_024) return `${sk}${this.#random.pick(["\u0000", "a"])}`;
    if (draw === 9 && sk.length > 1 && sk.slice(0, -1).isWellFormed()) return sk.slice(0, -1);
    return this.#random.pick(this.#keys.all);
  }

  #body({ large = true } = {}): Body {
    this.#count += 1;
    if (large && this.#random.between(1, LARGE_ONE_IN) === 1) return this.#largeBody();
    const chosen = this.#random.next() < 0.5 ? {} : this.#random.pick(BODIES);
    // Most bodies are nobody else's, so that a lost write shows.
    return this.#random.next() < 0.8 ? { ...chosen, n: this.#count } : chosen;
  }

  #largeBody(): Body {
    const room = MAX_BODY_BYTES - '{"t":""}'.length - this.#random.pick([0, 0, 1, 1_000]);
    return { t: this.#random.next() < 0.5 ? "k".repeat(room) : "\u00e4".repeat(Math.floor(room / 2)) };
  }

  #expected(): Expected {
    const draw = this.#random.between(1, 100);
    if (draw <= 25) return "any";
    if (draw <= 42) return "absent";
    if (draw <= 75) return { revision: "present" };
    if (draw <= 90) return { former: this.#random.pick([0, 0, 1, 2, 5]) };
    if (draw <= 95) return { revision: "next" };
    return { literal: this.#random.pick(LITERALS) };
  }
}
