import { nowMs } from "../harness/clock.ts";
import { latenessOf } from "../harness/statistics.ts";
import type { Figures } from "../messages.ts";
import type { BenchHandler } from "../peer.ts";

/** Notes how late each of the jobs 0 to `jobs - 1` starts; others are none of its business. */
export class LatenessLog {
  readonly #latenessMs: Float64Array;
  readonly #jobs: number;
  #started = 0;
  #twice = 0;

  constructor(jobs: number) {
    this.#jobs = jobs;
    this.#latenessMs = new Float64Array(jobs).fill(Number.NaN);
  }

  readonly handler: BenchHandler = (i, dueAtMs) => {
    if (i < 0 || i >= this.#jobs || dueAtMs === undefined) return;
    if (!Number.isNaN(this.#latenessMs[i])) {
      this.#twice += 1;
      return;
    }
    this.#latenessMs[i] = nowMs() - dueAtMs;
    this.#started += 1;
  };

  get isComplete(): boolean {
    return this.#started === this.#jobs;
  }

  figures(): Figures {
    const known = [...this.#latenessMs].filter((ms) => !Number.isNaN(ms));
    return { ...latenessOf(known), notRun: this.#jobs - this.#started, twice: this.#twice };
  }
}
