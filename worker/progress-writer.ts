import type { Json } from "../core/json.ts";
import type { Core } from "../core/services/core.ts";
import { reportProgress } from "../core/services/finish-run.ts";
import type { Attempt } from "./attempt.ts";

/** Stores what attempts report of themselves: many attempts at the same time, the reports of each in their order. */
export class ProgressWriter {
  readonly #core: Core;
  readonly #onError: (error: unknown) => void;
  readonly #writing = new WeakMap<Attempt, Promise<void>>();

  constructor(core: Core, onError: (error: unknown) => void) {
    this.#core = core;
    this.#onError = onError;
  }

  /**
   * Stores what the attempt has reported since the last call; an attempt that is found in other hands is stopped. Never
   * rejects. `undefined` when there is nothing to wait for.
   */
  write(attempt: Attempt): Promise<void> | undefined {
    const progress = attempt.takeProgress();
    if (progress === undefined) return undefined;
    const before = this.#writing.get(attempt);
    const written = before === undefined ? this.#store(attempt, progress) : this.#storeAfter(before, attempt, progress);
    this.#writing.set(attempt, written);
    return written;
  }

  async #storeAfter(before: Promise<void>, attempt: Attempt, progress: Json): Promise<void> {
    await before;
    await this.#store(attempt, progress);
  }

  async #store(attempt: Attempt, progress: Json): Promise<void> {
    try {
      const isOurs = await reportProgress(this.#core, attempt.run, progress);
      if (!isOurs) attempt.stop({ kind: "fenced", graceMs: 0 });
    } catch (error) {
      this.#onError(error);
    }
  }
}
