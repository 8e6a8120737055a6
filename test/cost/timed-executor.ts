import type { Clock } from "../../core/ports/clock.ts";
import type { Executor, Outcome, Task, TaskIo } from "../../worker/executors/executor.ts";

/** What an attempt does: how long it lasts, how it ends, and how often it tells that it lives meanwhile. */
export interface Behaviour {
  readonly takesMs: number;
  readonly outcome: Outcome;
  readonly progressEveryMs?: number;
}

export type Behave = (task: Task) => Behaviour;

/** Executes nothing: an attempt lasts as long as it is meant to, on a clock of the test's. */
export class TimedExecutor implements Executor {
  readonly #clock: Clock;
  readonly #behave: Behave;

  constructor(clock: Clock, behave: Behave) {
    this.#clock = clock;
    this.#behave = behave;
  }

  async execute(task: Task, io: TaskIo): Promise<Outcome> {
    const { takesMs, outcome, progressEveryMs = Infinity } = this.#behave(task);
    let leftMs = takesMs;
    for (let reports = 1; leftMs > progressEveryMs; reports += 1) {
      await this.#clock.sleep(progressEveryMs);
      leftMs -= progressEveryMs;
      io.progress({ done: reports });
    }
    await this.#clock.sleep(leftMs);
    return outcome;
  }
}
