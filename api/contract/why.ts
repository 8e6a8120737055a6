import { z } from "zod";
import { instantText } from "./common.ts";

export const CONSTRAINT_CODES = [
  "deleted", "paused", "platformPaused", "noSchedule", "scheduleEnded", "notDue", "retryBackoff", "limitFull", "noWorker",
  "workersDraining", "workersFull", "queueBacklog", "workerSilent", "cancelling", "ended", "skipped", "running",
  "inQueue", "workflowPaused", "waitingForSteps", "waitingForItems", "waitingForRun", "waitingForApproval", "waitingUntil",
] as const; // prettier-ignore

/** One thing that holds a run or a job back, or that explains its state. */
export const constraintSchema = z
  .object({
    code: z.enum(CONSTRAINT_CODES),
    /** One sentence for people. */
    detail: z.string(),
    evidence: z.record(z.string(), z.json()),
    /** When it is expected to be gone, where that is known. */
    until: instantText.optional(),
  })
  .meta({ id: "Constraint" });
export type Constraint = z.infer<typeof constraintSchema>;

/** The most decisive first; empty when nothing holds a job back. */
export const whySchema = z.object({ constraints: z.array(constraintSchema) }).meta({ id: "Why" });
export type Why = z.infer<typeof whySchema>;
