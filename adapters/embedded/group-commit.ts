import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PortError } from "../../core/ports/errors.ts";
import { isOwnFault, portError, SQLITE, sqliteCode } from "./sqlite-errors.ts";

/**
 * Group commit: writes that are asked for in one turn of the event loop share one transaction, so that they also share
 * the one flush to the disk that makes them durable.
 *
 * - Operations run in the order in which they were asked for, inside `BEGIN IMMEDIATE … COMMIT` (immediate, because a
 *   transaction that begins as a reader cannot wait for its turn to write: it fails at once).
 * - A promise is fulfilled only after COMMIT. When the transaction fails, none of its operations has had an effect and
 *   all of them are rejected; an operation that is alone at fault is taken out, and the others are run again.
 * - While another process holds the write lock, the group waits without blocking the event loop, and further operations
 *   join it. After `busyLimitMs` without success all that wait are rejected with `UNAVAILABLE`.
 * - After an I/O error at COMMIT nothing is written any more. What the system could not bring to the disk it may have
 *   dropped from its memory, and would then report the next flush as done: only a new process, which recovers the file,
 *   knows what is in it. See "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #busyLimitMs: number;
  readonly #durability: "full" | "normal";
  #flushes: boolean | undefined;
  #waiting: Operation[] = [];
  #scheduled = false;
  #refusal: "it is closed" | typeof DISK_FAILED | undefined;
  #busySinceMs: number | undefined;
  #idle: (() => void) | undefined;

  /**
   * @param options.durability - `full`: commits are flushed to the disk, but for groups of lazy writes alone (default);
   *   `normal`: none is
   * @param options.busyLimitMs - how long a group waits for another process to let go of the write lock; default 5,000
   */
  constructor(
    database: DatabaseSync,
    {
      durability = "full",
      busyLimitMs = 5_000,
    }: { readonly durability?: "full" | "normal"; readonly busyLimitMs?: number } = {},
  ) {
    this.#database = database;
    this.#durability = durability;
    this.#busyLimitMs = busyLimitMs;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
  }

  /**
   * Runs `work` in the next group. It may be run more than once, so it touches nothing that matters but the database;
   * an outcome that the caller must choose on is a return value, never an exception.
   *
   * @param options.lazy - it need not be on the disk when the promise is fulfilled; see `PutOptions` of the Table port
   * @throws {PortError} when nothing was applied, or with `UNKNOWN_OUTCOME` when that is not known
   */
  run<T>(work: () => T, { lazy = false }: { readonly lazy?: boolean } = {}): Promise<T> {
    if (this.#refusal !== undefined) return Promise.reject(refused(this.#refusal));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(new PromisedOperation(work, resolve, reject, lazy));
      if (!this.#scheduled) this.#schedule();
    });
  }

  /** Takes no more operations; resolves when those that wait are settled. */
  async close(): Promise<void> {
    this.#refusal ??= "it is closed";
    if (this.#scheduled) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#beginTransaction()) {
      const group = this.#waiting;
      this.#waiting = group.length > MAX_GROUP ? group.splice(MAX_GROUP) : [];
      this.#apply(group);
    }
    if (this.#busySinceMs !== undefined) setTimeout(() => this.#flush(), BUSY_RETRY_MS);
    else if (this.#waiting.length > 0) this.#schedule();
    else this.#rest();
  }

  /** Whether the next commit waits for the disk. A flush covers all that was committed before, lazily or not. */
  #setFlushing(flushes: boolean): void {
    if (this.#flushes === flushes) return;
    this.#database.exec(`PRAGMA synchronous = ${flushes ? "FULL" : "NORMAL"}`);
    this.#flushes = flushes;
  }

  #rest(): void {
    this.#scheduled = false;
    this.#idle?.();
  }

  /** `false`: not begun. The operations wait on, or were rejected if this cannot be expected to change. */
  #beginTransaction(): boolean {
    try {
      this.#setFlushing(this.#durability === "full" && this.#waiting.slice(0, MAX_GROUP).some(({ lazy }) => !lazy));
      this.#begin.run();
      this.#busySinceMs = undefined;
      return true;
    } catch (error) {
      const busy = sqliteCode(error) === SQLITE.BUSY;
      if (busy) this.#busySinceMs ??= performance.now();
      if (busy && performance.now() - (this.#busySinceMs ?? 0) < this.#busyLimitMs) return false;
      this.#busySinceMs = undefined;
      rejectAll(
        this.#waiting.splice(0),
        portError("Cannot begin to write to the database", error, { committing: false }),
      );
      return false;
    }
  }

  #apply(group: Operation[]): void {
    let current: Operation | undefined;
    try {
      for (current of group) current.attempt();
      current = undefined;
      this.#commit.run();
    } catch (error) {
      this.#rollBack();
      if (current !== undefined && isOwnFault(error)) {
        current.reject(portError("Cannot write to the database", error, { committing: false }));
        this.#waiting = [...group.filter((operation) => operation !== current), ...this.#waiting];
      } else {
        const committing = current === undefined;
        rejectAll(group, portError("Cannot write to the database", error, { committing }));
        if (committing && sqliteCode(error) === SQLITE.IOERR) this.#stop();
      }
      return;
    }
    for (const operation of group) operation.fulfil();
  }

  #stop(): void {
    this.#refusal = DISK_FAILED;
    rejectAll(this.#waiting.splice(0), refused(DISK_FAILED));
  }

  /** SQLite has rolled back by itself after some errors (full disk, I/O); then there is nothing left to do. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The next group can't begin then, and is told so.
    }
  }
}

/** Bounds how long one transaction keeps the event loop. */
const MAX_GROUP = 1_000;
const BUSY_RETRY_MS = 2;
const DISK_FAILED = "the disk of the data folder has failed, and this process must be restarted";

interface Operation {
  readonly lazy: boolean;
  attempt(): void;
  fulfil(): void;
  reject(error: PortError): void;
}

class PromisedOperation<T> implements Operation {
  readonly lazy: boolean;
  readonly #work: () => T;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: PortError) => void;
  #result: T | undefined;

  constructor(work: () => T, resolve: (value: T) => void, reject: (error: PortError) => void, lazy: boolean) {
    this.lazy = lazy;
    this.#work = work;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  attempt(): void {
    this.#result = this.#work();
  }

  fulfil(): void {
    this.#resolve(this.#result as T);
  }

  reject(error: PortError): void {
    this.#reject(error);
  }
}

function refused(reason: string): PortError {
  return new PortError("UNAVAILABLE", `Cannot write to the database: ${reason}`);
}

function rejectAll(operations: readonly Operation[], error: PortError): void {
  for (const operation of operations) operation.reject(error);
}
