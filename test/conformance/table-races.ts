import type { BatchWrite, Expectation, Key, Stored, Table, WriteResult } from "../../core/ports/table.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { uniqueName } from "../support/unique-name.ts";
import { isExplained, type RaceEvent, type RaceResult, type Sight } from "./race-checker.ts";
import { textOf } from "./table-history.ts";

export interface RaceOptions {
  readonly seed: number;
  readonly rounds: number;
  /**
   * Whether items are put by two batches at once. In DynamoDB a batch's revisions are drawn before it is sent, so that
   * the later of two that overtake each other on the way may give the lower one. Default `true`.
   */
  readonly racingBatches?: boolean;
}

/**
 * Rounds of 2 to 8 operations that are asked for at once, all on the same few items. What they answer, and what is there
 * afterwards, must be what some order of them would give, for each item alone: the port orders the writes of one item.
 *
 * @returns how many operations were made
 * @throws {Error} with seed, round and all events of an item for which there is no such order
 */
export async function holdToSomeOrder(table: Table, options: RaceOptions): Promise<number> {
  const races = new Races(table, options);
  for (let round = 0; round < options.rounds; round++) await races.round(round);
  return races.count;
}

const ITEMS = 2;
const LEAST = 2;
const MOST = 8;

/** What the answer of an operation under way means for the items it touches, by their numbers. */
type Racer = Promise<readonly (readonly [number, RaceEvent])[]>;

class Races {
  count = 0;
  readonly #table: Table;
  readonly #options: RaceOptions;
  readonly #random: SeededRandom;
  readonly #keys: readonly Key[];
  #known: readonly Sight[];
  #writes = 0;
  #batches = 0;

  constructor(table: Table, options: RaceOptions) {
    this.#table = table;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    const pk = uniqueName();
    this.#keys = Array.from({ length: ITEMS }, (_, index) => ({ pk, sk: `item-${index}` }));
    this.#known = this.#keys.map(() => undefined);
  }

  async round(round: number): Promise<void> {
    this.#batches = 0;
    const size = this.#random.between(LEAST, MOST);
    const racers = Array.from({ length: size }, () => this.#start());
    this.count += size;
    const events = (await Promise.all(racers)).flat();
    const after = this.#sights(await this.#table.batchGet(this.#keys));
    for (const [index] of this.#keys.entries()) {
      const own = events.filter(([item]) => item === index).map(([, event]) => event);
      if (isExplained(this.#known[index], own, after[index])) continue;
      throw new Error(
        [
          `No order explains item ${index} in round ${round} with seed ${this.#options.seed}`,
          `  before: ${textOf(this.#known[index])}`,
          ...own.map((event) => `  ${textOf(event)}`),
          `  after: ${textOf(after[index])}`,
        ].join("\n"),
      );
    }
    this.#known = after;
  }

  #start(): Racer {
    const index = this.#random.between(0, ITEMS - 1);
    const draw = this.#random.between(1, 100);
    if (draw <= 45) return this.#put(index, this.#expectation(index));
    if (draw <= 65) return this.#delete(index, this.#expectation(index));
    if (draw <= 75) return this.#reading(this.#table.get(this.#key(index)), [index]);
    if (draw <= 80) return this.#reading(this.#table.batchGet(this.#keys));
    if (draw <= 85) return this.#reading(this.#query());
    return this.#batch();
  }

  #put(index: number, expect: Expectation): Racer {
    const n = ++this.#writes;
    return this.#table
      .put(this.#key(index), { n }, expect)
      .then((result) => [[index, { did: "put", n, expect, result: resultOf(result) }] as const]);
  }

  #delete(index: number, expect: Expectation): Racer {
    return this.#table
      .delete(this.#key(index), expect)
      .then((result) => [[index, { did: "delete", expect, result: resultOf(result) }] as const]);
  }

  #reading(
    answer: Promise<readonly Stored[] | Stored | undefined>,
    items: readonly number[] = this.#keys.map((_, index) => index),
  ): Racer {
    return answer.then((found) => {
      const sights = this.#sights([found ?? []].flat());
      return items.map((index) => [index, { did: "read", saw: sights[index] }] as const);
    });
  }

  async #query(): Promise<readonly Stored[]> {
    return (await this.#table.query({ pk: this.#key(0).pk, limit: ITEMS })).items;
  }

  #batch(): Racer {
    const mayPut = this.#options.racingBatches !== false || this.#batches === 0;
    this.#batches += 1;
    const chosen = this.#keys.map((key, index): { write: BatchWrite; event: readonly [number, RaceEvent] } => {
      if (!mayPut || this.#random.next() < 0.4)
        return { write: { delete: key }, event: [index, { did: "batchDelete" }] };
      const n = ++this.#writes;
      return { write: { put: { key, body: { n } } }, event: [index, { did: "batchPut", n }] };
    });
    const written = this.#writeAll(chosen.map(({ write }) => write));
    return written.then(() => chosen.map(({ event }) => event));
  }

  async #writeAll(writes: readonly BatchWrite[]): Promise<void> {
    for (let left = writes; left.length > 0;) left = await this.#table.batchWrite(left);
  }

  /** The revision that the item had before the round, mostly, so that all want the same. */
  #expectation(index: number): Expectation {
    const rev = this.#known[index]?.rev;
    const draw = this.#random.between(1, 10);
    if (draw <= 2) return "any";
    if (rev === undefined) return draw <= 8 ? "absent" : 1;
    if (draw <= 7) return rev;
    return draw === 8 ? "absent" : rev + 1;
  }

  #sights(found: readonly Stored[]): Sight[] {
    return this.#keys.map(({ sk }) => sightOf(found.find((item) => item.key.sk === sk)));
  }

  #key(index: number): Key {
    const key = this.#keys[index];
    if (key === undefined) throw new RangeError(`Cannot race for item ${index}: there are ${ITEMS}`);
    return key;
  }
}

function sightOf(item: Stored | undefined): Sight {
  return item && { n: (item.body as { n: number }).n, rev: item.rev };
}

function resultOf(result: WriteResult): RaceResult {
  return result.ok ? result : { ok: false, current: sightOf(result.current) };
}
