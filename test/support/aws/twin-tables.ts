import type {
  BatchWrite,
  Body,
  Expectation,
  Key,
  Query,
  Stored,
  Table,
  WriteResult,
} from "../../../core/ports/table.ts";

/** What an operation has come to: its answers of both tables, in the model's revisions. */
export interface Answers {
  readonly model: unknown;
  readonly table: unknown;
}

/**
 * Two tables that are asked the same. Where batches were written their revisions differ, by the same number for an item
 * until its next batch or its end; that number is kept here, and taken off the answers of `table`.
 */
export class TwinTables {
  readonly #model: Table;
  readonly #table: Table;
  readonly #lead = new Map<string, number>();

  constructor(model: Table, table: Table) {
    this.#model = model;
    this.#table = table;
  }

  /** @param delta - for an expectation of a revision: how far it is from the item's present one */
  async put(key: Key, body: Body, expect: Expectation | { readonly delta: number }): Promise<Answers> {
    const [ofModel, ofTable] = await this.#expectations(key, expect);
    const model = await this.#model.put(key, body, ofModel);
    return { model, table: this.#level(key, await this.#table.put(key, body, ofTable)) };
  }

  async delete(key: Key, expect: Expectation | { readonly delta: number }): Promise<Answers> {
    const [ofModel, ofTable] = await this.#expectations(key, expect);
    const model = await this.#model.delete(key, ofModel);
    const table = this.#level(key, await this.#table.delete(key, ofTable));
    if (model.ok) this.#lead.delete(textOf(key));
    return { model, table };
  }

  async get(key: Key): Promise<Answers> {
    const [model, table] = [await this.#model.get(key), await this.#table.get(key)];
    return { model, table: table && this.#levelItem(table) };
  }

  async batchGet(keys: readonly Key[]): Promise<Answers> {
    const [model, table] = [await this.#model.batchGet(keys), await this.#table.batchGet(keys)];
    return { model: inOrder(model), table: inOrder(table.map((item) => this.#levelItem(item))) };
  }

  /** All pages, since either may end a page where it likes. */
  async query(query: Query): Promise<Answers> {
    const [model, table] = [await allPages(this.#model, query), await allPages(this.#table, query)];
    return { model, table: table.map((item) => this.#levelItem(item)) };
  }

  /** The answers are whether each item that was there and was put has a higher revision now. */
  async batchWrite(writes: readonly BatchWrite[]): Promise<Answers> {
    const puts = writes.flatMap((write) => ("put" in write ? [write.put.key] : []));
    const before = revisionsOf(await this.#table.batchGet(puts));
    const declined = [await this.#model.batchWrite(writes), await this.#table.batchWrite(writes)];
    for (const write of writes) if ("delete" in write) this.#lead.delete(textOf(write.delete));

    const [inModel, inTable] = [await this.#model.batchGet(puts), await this.#table.batchGet(puts)].map(revisionsOf);
    const raised = puts.map((key) => {
      const rev = inTable?.get(textOf(key)) ?? 0;
      this.#lead.set(textOf(key), rev - (inModel?.get(textOf(key)) ?? 0));
      return rev > (before.get(textOf(key)) ?? 0);
    });
    return { model: [[], [], ...puts.map(() => true)], table: [...declined, ...raised] };
  }

  async #expectations(
    key: Key,
    expect: Expectation | { readonly delta: number },
  ): Promise<readonly [Expectation, Expectation]> {
    if (typeof expect === "string") return [expect, expect];
    const rev = typeof expect === "number" ? expect : ((await this.#model.get(key))?.rev ?? 0) + expect.delta;
    return [rev, rev + this.#leadOf(key)];
  }

  #level(key: Key, result: WriteResult): WriteResult {
    if (!result.ok) return { ok: false, current: result.current && this.#levelItem(result.current) };
    return { ok: true, rev: result.rev === 0 ? 0 : result.rev - this.#leadOf(key) };
  }

  #levelItem(item: Stored): Stored {
    return { ...item, rev: item.rev - this.#leadOf(item.key) };
  }

  #leadOf(key: Key): number {
    return this.#lead.get(textOf(key)) ?? 0;
  }
}

const MAX_PAGES = 1_000;

async function allPages(table: Table, query: Query): Promise<Stored[]> {
  const items: Stored[] = [];
  let { after } = query;
  for (let count = 0; count < MAX_PAGES; count++) {
    const page = await table.query({ ...query, ...(after === undefined ? {} : { after }) });
    items.push(...page.items);
    after = page.next;
    if (after === undefined) return items;
  }
  throw new Error(`Cannot read all of ${JSON.stringify(query)}: it has more than ${MAX_PAGES} pages`);
}

function revisionsOf(items: readonly Stored[]): Map<string, number> {
  return new Map(items.map(({ key, rev }) => [textOf(key), rev]));
}

function inOrder(items: readonly Stored[]): Stored[] {
  return items.toSorted((left, right) => (textOf(left.key) < textOf(right.key) ? -1 : 1));
}

function textOf({ pk, sk }: Key): string {
  return JSON.stringify([pk, sk]);
}
