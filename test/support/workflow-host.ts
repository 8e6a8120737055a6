import type { RunningRun } from "../../core/run/run.ts";
import type { Core } from "../../core/services/core.ts";
import { visitShard } from "../../core/services/visit.ts";
import type { ManualClock } from "./manual-clock.ts";
import { type Behaviour, TestWorker } from "./test-worker.ts";

const MAX_TURNS = 200;

/** What runs workflows beside an API: a scheduler, a worker, and the engine itself, each when it is told to. */
export class WorkflowHost {
  /** What attempts do. */
  behave: (run: RunningRun) => Behaviour = () => ({ takesMs: 1_000, result: { kind: "succeeded" } });
  readonly #core: Core;
  readonly #workers: readonly TestWorker[];

  constructor(core: Core) {
    this.#core = core;
    this.#workers = ["default", "engine"].map(
      (pool) => new TestWorker(core, { id: pool, pool, slots: 10, behave: (run) => this.behave(run) }),
    );
  }

  /** Lets time pass on a clock that stands still. */
  async advance(clock: ManualClock, ms: number, { stepMs = 500 } = {}): Promise<void> {
    const untilMs = clock.nowMs() + ms;
    await this.step();
    while (clock.nowMs() < untilMs) {
      await clock.advance(Math.min(stepMs, untilMs - clock.nowMs()));
      await this.step();
    }
  }

  /** Does everything that can be done now. */
  async step(): Promise<void> {
    for (const worker of this.#workers) await worker.beat();
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const shards = Array.from({ length: this.#core.knobs.shards }, (_, shard) => visitShard(this.#core, shard));
      const visited = (await Promise.all(shards)).reduce((sum, round) => sum + round.visited, 0);
      const worked = await Promise.all(this.#workers.map((worker) => worker.step()));
      if (visited === 0 && !worked.includes(true)) return;
    }
    throw new Error("Cannot end the step: there is always something left to do");
  }
}

/** Fails the attempts of steps with these names; the others succeed, with their step's name as result. */
export function failing(...names: readonly string[]): (run: RunningRun) => Behaviour {
  return ({ stamp }) => {
    const [, step = ""] = /\.\d{3}Z[^.]*\.([^.]+)/.exec(stamp) ?? [];
    const error = { name: "EXIT", message: "it ended with 1" };
    const result = names.includes(step)
      ? ({ kind: "failed", error } as const)
      : ({ kind: "succeeded", result: step } as const);
    return { takesMs: 1_000, result };
  };
}
