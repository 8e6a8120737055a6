import { MAX_BATCH_GET } from "../core/ports/table.ts";
import { formatRunId } from "../core/run/run-id.ts";
import { isHeld } from "../core/run/run.ts";
import type { Core } from "../core/services/core.ts";
import type { Attempt } from "./attempt.ts";

/**
 * Finds the attempts that others have taken over, and stops them.
 *
 * Others take over what belongs to a worker whose heartbeat they have not seen to change for `workerDeadAfterMs`. A worker
 * that was not heard for half as long (it was stopped and continued, or the store did not answer) looks at its runs at every
 * beat while its silence lasts and for as long again: who found it dead may write that down a little later. The last look
 * begins after that time and has been answered.
 */
export class TakeoverWatch {
  readonly #core: Core;
  readonly #workerId: string;
  readonly #attempts: Iterable<Attempt>;
  #heardAtMs: number;
  /** Until when others may take runs over because of a past silence; `undefined` when there was none. */
  #doubtEndsAtMs: number | undefined;

  constructor(core: Core, workerId: string, attempts: Iterable<Attempt>) {
    this.#core = core;
    this.#workerId = workerId;
    this.#attempts = attempts;
    this.#heardAtMs = core.clock.monotonicMs();
  }

  /** Takes note of a heartbeat that has been written. */
  heard({ begunAtMs }: { readonly begunAtMs: number }): void {
    this.#noteSilence(this.#core.clock.monotonicMs());
    // When it took effect is not known: the time that it took counts as silence.
    this.#heardAtMs = begunAtMs;
  }

  /** Looks whether runs in hand have been taken over, if that may be. */
  async look(): Promise<void> {
    const nowMs = this.#core.clock.monotonicMs();
    this.#noteSilence(nowMs);
    if (this.#doubtEndsAtMs === undefined) return;
    await this.#stopTaken([...this.#attempts]);
    if (nowMs >= this.#doubtEndsAtMs) this.#doubtEndsAtMs = undefined;
  }

  #noteSilence(nowMs: number): void {
    const { workerDeadAfterMs } = this.#core.knobs;
    // Half of it: observers that look from time to time measure a silence roughly.
    if (nowMs - this.#heardAtMs > workerDeadAfterMs / 2) this.#doubtEndsAtMs = nowMs + workerDeadAfterMs;
  }

  async #stopTaken(attempts: readonly Attempt[]): Promise<void> {
    for (let start = 0; start < attempts.length; start += MAX_BATCH_GET) {
      const batch = attempts.slice(start, start + MAX_BATCH_GET);
      const stored = await this.#core.runs.findMany(batch.map(({ run }) => run));
      const epochs = new Map<string, number>();
      for (const { run } of stored) {
        if (isHeld(run) && run.worker.id === this.#workerId) epochs.set(formatRunId(run), run.epoch);
      }
      for (const attempt of batch) {
        if (epochs.get(attempt.runId) !== attempt.epoch) attempt.stop({ kind: "fenced", graceMs: 0 });
      }
    }
  }
}
