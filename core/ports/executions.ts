import type { Run } from "../run/run.ts";
import type { RunKey } from "../run/run-id.ts";
import type { StepAnswer } from "../workflow/asl/answer.ts";
import type { WorkflowPlan } from "../workflow/plan.ts";

/**
 * The Executions port: state machines in which people can see how the runs of workflows go. An execution decides nothing. It
 * says, by a message to the engine, that the Task of a step was reached, waits for its answer, and says so again after a
 * while without one; see `toStateMachine`.
 *
 * Every call may be repeated, and may come late.
 */
export interface Executions {
  /** Begins the execution of a run, under a name that follows from the run's: nothing happens if it has begun before. */
  begin(run: Pick<Run, keyof RunKey | "version">, plan: WorkflowPlan): Promise<void>;

  /** Answers a Task by its token. Nothing happens if it has been answered, was given up, or its execution has ended. */
  answer(token: string, answer: StepAnswer): Promise<void>;

  /** Stops the execution of a run; nothing happens if there is none under way. */
  stop(run: RunKey, reason: StopReason): Promise<void>;

  /** Deletes what the executions of a job were made of, and with it all of them and their histories. */
  remove(job: Pick<RunKey, "namespace" | "job">): Promise<void>;
}

/** Shown with an execution that was stopped. */
export interface StopReason {
  /** A name such as `Carillon.Cancelled`. */
  readonly error: string;
  readonly cause: string;
}
