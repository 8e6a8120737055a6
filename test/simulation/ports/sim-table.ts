import {
  checkBatchGet,
  checkBatchWrite,
  checkKey,
  checkQuery,
  serialise,
} from "../../../adapters/shared/table-rules.ts";
import type {
  BatchWrite,
  Body,
  Expectation,
  Key,
  Page,
  Query,
  Stored,
  Table,
  WriteResult,
} from "../../../core/ports/table.ts";
import type { MemoryItems } from "../../support/memory-items.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Life } from "../kernel/life.ts";

/** What a table needs of those who hold its items. */
export type Items = Pick<MemoryItems, "find" | "page" | "putIf" | "deleteIf" | "put" | "delete">;

export interface SimTableOptions {
  readonly items: Items;
  readonly life: Life;
  readonly draws: KeyedDraws;
  /** Done before each effect: what the process looked at or is about to change, for those who watch. */
  readonly onEffect: (effect: TableEffect) => void;
}

/** One step of a process at the table. */
export interface TableEffect {
  readonly life: Life;
  readonly isWrite: boolean;
  readonly keys: readonly Key[];
}

/** The Table port as one process sees it: the worst table that keeps the port's promises. */
export class SimTable implements Table {
  readonly #options: SimTableOptions;

  constructor(options: SimTableOptions) {
    this.#options = options;
  }

  async get(key: Key): Promise<Stored | undefined> {
    checkKey(key);
    const { items } = this.#options;
    return this.#call("get", nameOf(key), () => {
      this.#watch(false, [key]);
      return items.find(key);
    });
  }

  async batchGet(keys: readonly Key[]): Promise<readonly Stored[]> {
    checkBatchGet(keys);
    const { items } = this.#options;
    return this.#call("batchGet", nameOf(keys[0]), () => {
      this.#watch(false, keys);
      // In no particular order: the reverse is as good as any.
      return keys.toReversed().flatMap((key) => items.find(key) ?? []);
    });
  }

  async query(query: Query): Promise<Page> {
    checkQuery(query);
    const { items, draws, life } = this.#options;
    const look = (limit: number): Page => {
      const page = items.page({ ...query, limit });
      this.#watch(
        false,
        page.items.map(({ key }) => key),
      );
      return page;
    };
    const place = `${query.pk} ${query.after ?? query.from ?? ""}`;
    return life.call("table.query", place, () => look(query.limit), {
      withFault(fault, call) {
        if (fault !== "shortPage") return undefined;
        const page = look(draws.between(1, query.limit, `page ${call}`));
        // A page may even be empty and have a `next`, when all that it looked at is not wanted: that of one item less.
        const isEmpty = page.items.length === 1 && draws.isIn(0.3, `empty ${call}`) && query.after !== undefined;
        return { value: isEmpty ? { items: [], next: query.after } : page };
      },
    });
  }

  async put(key: Key, body: Body, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    const text = serialise(key, body);
    const { items } = this.#options;
    return this.#call("put", nameOf(key), () => {
      this.#watch(true, [key]);
      return items.putIf(key, text, expect);
    });
  }

  async delete(key: Key, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    const { items } = this.#options;
    return this.#call("delete", nameOf(key), () => {
      this.#watch(true, [key]);
      return items.deleteIf(key, expect);
    });
  }

  async batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]> {
    checkBatchWrite(writes);
    const texts = writes.map((write) => ("put" in write ? serialise(write.put.key, write.put.body) : ""));
    const { life, draws } = this.#options;
    const write = (index: number): void => {
      const one = writes[index];
      if (one !== undefined) this.#write(one, texts[index] ?? "");
    };
    const [first] = writes;
    const name = first === undefined ? "nothing" : nameOf(keyOf(first));
    return life.call(
      "table.batchWrite",
      name,
      () => {
        writes.forEach((_, index) => write(index));
        return [];
      },
      {
        withFault(fault, call) {
          // A batch is not atomic: whatever it fails with, or whoever dies over it, a part may have been done.
          const isPartial = fault === "declined" || fault === "unknownDone" || fault === "dieAfter";
          if (!isPartial) return undefined;
          const declined = writes.filter((_, index) => {
            const isDone = draws.isIn(0.5, `part ${index} of ${call}`);
            if (isDone) write(index);
            return !isDone;
          });
          return { value: declined };
        },
      },
    );
  }

  #write(write: BatchWrite, text: string): void {
    const { items } = this.#options;
    this.#watch(true, [keyOf(write)]);
    if ("put" in write) items.put(write.put.key, text);
    else items.delete(write.delete);
  }

  #call<T>(method: string, entity: string, effect: () => T): Promise<T> {
    return this.#options.life.call(`table.${method}`, entity, effect);
  }

  #watch(isWrite: boolean, keys: readonly Key[]): void {
    const { life, onEffect } = this.#options;
    onEffect({ life, isWrite, keys });
  }
}

function keyOf(write: BatchWrite): Key {
  return "put" in write ? write.put.key : write.delete;
}

function nameOf(key: Key | undefined): string {
  return key === undefined ? "nothing" : `${key.pk} ${key.sk}`;
}
