import type { Clock } from "../../../core/ports/clock.ts";
import type { Executor, Outcome, StopReason, Task, TaskIo } from "../../../worker/executors/executor.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Life } from "../kernel/life.ts";

/** What the user's code did, whatever became of it: what Carillon can't take back. */
export interface Effect {
  readonly runId: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly life: string;
  /** True time since the history began. */
  readonly beganMs: number;
  endedMs: number | undefined;
  outcome: "succeeded" | "failed" | "stopped" | undefined;
}

/** How the attempts of a job behave. */
export interface Temper {
  readonly shortestMs: number;
  readonly longestMs: number;
  readonly failing: number;
  readonly fatal: number;
  /** Share of attempts that never end by themselves. */
  readonly hanging: number;
  /** Share of attempts that do not listen when they are asked to stop. */
  readonly stubborn: number;
}

export interface UserCodeOptions {
  readonly kernel: Kernel;
  readonly draws: KeyedDraws;
  readonly effects: Effect[];
  readonly temperOf: (job: string) => Temper;
}

/** The executor of one life of a worker: code of users that succeeds, fails, hangs and does not listen. */
export function userCode(life: Life, { kernel, draws, effects, temperOf }: UserCodeOptions): Executor {
  const { clock } = life;
  return {
    async execute(task: Task, io: TaskIo): Promise<Outcome> {
      const { runId, attempt, epoch } = task;
      const effect: Effect = {
        runId,
        attempt,
        epoch,
        life: life.name,
        beganMs: kernel.nowMs,
        endedMs: undefined,
        outcome: undefined,
      };
      effects.push(effect);
      const outcome = await perform(task, { io, clock, draws, temper: temperOf(task.job) });
      effect.endedMs = kernel.nowMs;
      effect.outcome = outcome.ok ? "succeeded" : outcome.stop === undefined ? "failed" : "stopped";
      return outcome;
    },
  };
}

interface Performance {
  readonly io: TaskIo;
  readonly clock: Clock;
  readonly draws: KeyedDraws;
  readonly temper: Temper;
}

async function perform({ runId, attempt, epoch }: Task, { io, clock, draws, temper }: Performance): Promise<Outcome> {
  const name = `${runId} ${attempt}`;
  const takesMs = draws.isIn(temper.hanging, `hangs ${name}`)
    ? Infinity
    : draws.magnitude(temper.shortestMs, temper.longestMs, `takes ${name}`);
  io.log("stdout", `attempt ${attempt}, epoch ${epoch}`);
  if (draws.isIn(0.3, `reports ${name}`)) io.progress({ attempt, epoch });
  await clock.sleep(takesMs, io.signal);
  if (io.signal.aborted) {
    const { kind: reason, graceMs } = io.signal.reason as StopReason;
    const isStubborn = draws.isIn(temper.stubborn, `stubborn ${name}`);
    await clock.sleep(isStubborn ? graceMs : Math.min(graceMs, STOP_MS));
    const confirmed = !isStubborn || draws.isIn(0.9, `killed ${name}`);
    return {
      ok: false,
      error: { name: "STOPPED", message: reason },
      stop: { reason, confirmed, evidence: isStubborn ? "killed" : "ended by itself" },
    };
  }
  if (draws.isIn(temper.fatal, `fatal ${name}`))
    return { ok: false, error: { name: "FATAL", message: "no use", retryable: false } };
  if (draws.isIn(temper.failing, `fails ${name}`)) return { ok: false, error: { name: "E", message: "failed" } };
  return { ok: true, result: { attempt, epoch } };
}

const STOP_MS = 50;
