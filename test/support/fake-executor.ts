import type { Executor, Outcome, StopReason, Task, TaskIo } from "../../worker/executors/executor.ts";

/** One attempt in the hands of the fake executor; the test says how it ends. */
export interface FakeAttempt {
  readonly task: Task;
  readonly io: TaskIo;
  /** Why it was asked to stop, if it was. */
  stopped(): StopReason | undefined;
  end(outcome: Outcome): void;
}

export const OK: Outcome = { ok: true };

/**
 * An executor whose attempts last until the test ends them. One that is asked to stop stops at once, unless it is told
 * to be `stubborn`.
 */
export class FakeExecutor implements Executor {
  readonly attempts: FakeAttempt[] = [];
  /** Ends each attempt at once when it is set. */
  immediately: Outcome | undefined;
  stubborn = false;

  execute(task: Task, io: TaskIo): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const stopped = () => (io.signal.aborted ? (io.signal.reason as StopReason) : undefined);
    this.attempts.push({ task, io, stopped, end: resolve });
    const stop = () => {
      const reason = stopped()?.kind ?? "cancel";
      const end = { reason, confirmed: true, evidence: "gone" };
      if (!this.stubborn) resolve({ ok: false, error: { name: "STOPPED", message: reason }, stop: end });
    };
    if (io.signal.aborted) stop();
    else io.signal.addEventListener("abort", stop, { once: true });
    if (this.immediately !== undefined) resolve(this.immediately);
    return promise;
  }
}
