/** One thing that holds a run or a job back, or that explains its state. */
export interface Constraint {
  readonly code:
    | "deleted"
    | "paused"
    | "platformPaused"
    | "noSchedule"
    | "scheduleEnded"
    | "notDue"
    | "retryBackoff"
    | "limitFull"
    | "noWorker"
    | "workersDraining"
    | "workersFull"
    | "queueBacklog"
    | "workerSilent"
    | "cancelling"
    | "workflowPaused"
    | "waitingForSteps"
    | "waitingForItems"
    | "waitingForRun"
    | "waitingForApproval"
    | "waitingUntil"
    | "ended"
    | "skipped"
    | "running"
    | "inQueue";
  /** One sentence for people. */
  readonly detail: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  /** When it is expected to be gone, epoch milliseconds, where that is known. */
  readonly untilMs?: number;
}
