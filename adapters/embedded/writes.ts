import type { GroupCommit } from "./group-commit.ts";
import type { SqliteWriter } from "./sqlite-writer.ts";

/** The operations of `SqliteWriter` by name. */
export type Operation = {
  [K in keyof SqliteWriter]: SqliteWriter[K] extends (...args: never[]) => unknown ? K : never;
}[keyof SqliteWriter];
export type ArgumentsOf<O extends Operation> = Parameters<SqliteWriter[O]>;
export type ResultOf<O extends Operation> = ReturnType<SqliteWriter[O]>;

/** Where writes are asked for: carried out in groups, in the order in which they were asked for, durable when fulfilled. */
export interface Writes {
  /** @throws {PortError} when nothing was applied, or with `UNKNOWN_OUTCOME` when that is not known */
  run<O extends Operation>(operation: O, ...args: ArgumentsOf<O>): Promise<ResultOf<O>>;
  /** Takes no more; resolves when those that wait are settled. */
  close(): Promise<void>;
}

/** Calls an operation by its name. */
export function apply<O extends Operation>(writer: SqliteWriter, operation: O, args: ArgumentsOf<O>): ResultOf<O> {
  const method = writer[operation] as (this: SqliteWriter, ...args: ArgumentsOf<O>) => ResultOf<O>;
  return method.apply(writer, args);
}

/** Writes in the thread of the caller, whose event loop waits for the disk at each commit. */
export class InlineWrites implements Writes {
  readonly #group: GroupCommit;
  readonly #writer: SqliteWriter;

  constructor(group: GroupCommit, writer: SqliteWriter) {
    this.#group = group;
    this.#writer = writer;
  }

  run<O extends Operation>(operation: O, ...args: ArgumentsOf<O>): Promise<ResultOf<O>> {
    return this.#group.run(() => apply(this.#writer, operation, args));
  }

  close(): Promise<void> {
    return this.#group.close();
  }
}
