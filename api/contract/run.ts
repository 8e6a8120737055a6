import { z } from "zod";
import { ENGINE_POOL } from "../../core/fleet/pool-size.ts";
import { prioritySchema } from "../../core/job/run-fields.ts";
import { instantSchema } from "../../core/schedule/definition.ts";
import { ENDS } from "../../core/run/run-end.ts";
import { ENDED_STATUSES } from "../../core/run/run.ts";
import { parseRunId } from "../../core/run/run-id.ts";
import { instantText, noteSchema, pageSchemaOf, pageQuery } from "./common.ts";

export const RUN_STATUSES = ["queued", "running", "retrying", ...ENDED_STATUSES] as const;
export const RUN_CAUSES = ["slot", "manual", "backfill", "rerun", "event", "step", "workflow"] as const;
export const SKIP_REASONS = ["overlap", "paused", "calendar", "misfire", "deleted", "parameters"] as const;
/** Why a step of a workflow was left out. */
export const STEP_SKIP_REASONS = ["rule", "when", "switch", "phase", "stopped", "blocked", "marked"] as const;

/** `default.report@20260308T073000.000Z`, with `-suffix` for runs that are not a slot's own. */
export const runIdParam = z
  .string()
  .max(300)
  .refine((text) => parseRunId(text) !== undefined, {
    error: "must be a run id such as default.report@20260308T073000.000Z",
  })
  .meta({ examples: ["default.report@20260308T073000.000Z"] });

export const runErrorSchema = z.object({ name: z.string(), message: z.string() }).meta({ id: "RunError" });

export const attemptSchema = z
  .object({
    attempt: z.int().min(1),
    worker: z.string(),
    startedAt: instantText,
    endedAt: instantText,
    outcome: z.enum(["succeeded", "failed", "timedOut", "cancelled", "lost", "drained"]),
    exitCode: z.int().optional(),
    error: runErrorSchema.optional(),
  })
  .meta({ id: "Attempt" });
export type Attempt = z.infer<typeof attemptSchema>;

/** One execution of a job, or a slot that was not executed and why. */
export const runSchema = z
  .object({
    id: z.string(),
    namespace: z.string(),
    job: z.string(),
    /** Version of the job that governs it. */
    version: z.int().min(1),
    status: z.enum(RUN_STATUSES),
    cause: z.enum(RUN_CAUSES),
    /** The nominal instant: of the slot, or of the request. */
    slotAt: instantText,
    /** No attempt starts before. */
    dueAt: instantText,
    createdAt: instantText,
    pool: z.string(),
    priority: prioritySchema,
    /** Those given with the request; they override the job's. */
    parameters: z.record(z.string(), z.json()).optional(),
    /** Attempts begun so far. */
    attempt: z.int().min(0),
    /** Ended attempts, oldest first, the last 20. */
    attempts: z.array(attemptSchema),
    /** Of the attempt that is running, or was the last. */
    startedAt: instantText.optional(),
    endedAt: instantText.optional(),
    /** While `running`. */
    worker: z.string().optional(),
    /** While `retrying`. */
    retryAt: instantText.optional(),
    /** While `queued`: the concurrency key that it waits for. */
    waitingFor: z.string().optional(),
    progress: z.json().optional(),
    result: z.json().optional(),
    error: runErrorSchema.optional(),
    /** Of a skipped run. */
    reason: z.enum([...SKIP_REASONS, ...STEP_SKIP_REASONS]).optional(),
    cancel: z.object({ at: instantText, by: z.string(), note: z.string().optional(), graceMs: z.number() }).optional(),
    /** Of a run that was stopped: whether nothing of it is left, and how that is known. */
    stop: z.object({ confirmed: z.boolean(), evidence: z.string() }).optional(),
    /** Of a step: the workflow's run, the step's name, and for an item its place in the list. */
    workflow: z.object({ run: z.string(), step: z.string(), item: z.int().min(0).optional() }).optional(),
    /** Of a step that waits for the run of another job: that run's id. */
    child: z.string().optional(),
    /** Of a step that waits for the end of another job's run: of a slot in [from, before). */
    awaits: z.object({ job: z.string(), on: z.enum(ENDS), from: instantText, before: instantText }).optional(),
    /** Of a step that runs for each item of a list. */
    items: z.object({ total: z.int(), open: z.int(), succeeded: z.int(), failed: z.int() }).optional(),
    /** Of a workflow or a step that no worker executes: when it changes by itself. */
    wakeAt: instantText.optional(),
    /** Of a workflow whose steps are kept from beginning. */
    paused: z.object({ at: instantText, by: z.string(), note: z.string().optional() }).optional(),
    /** Of a step whose end people have said. */
    mark: z.object({ at: instantText, by: z.string(), note: z.string().optional() }).optional(),
    origin: z
      .object({
        backfill: z.string().optional(),
        rerunOf: z.string().optional(),
        /** Run whose steps it continues. */
        redriveOf: z.string().optional(),
        /** Run of another job that it follows. */
        after: z.string().optional(),
        /** Step that it was made for. */
        step: z.string().optional(),
        by: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof runSchema>;

/** Whether a run is that of a workflow: the engine carries it, and it is no step of another. */
export function isOfWorkflow({ pool, workflow }: Run): boolean {
  return pool === ENGINE_POOL && workflow === undefined;
}

export const runPageSchema = pageSchemaOf("RunPage", runSchema);
export type RunPage = z.infer<typeof runPageSchema>;

export const runListQuery = z.strictObject({ ...pageQuery, status: z.enum(RUN_STATUSES).optional() });

const runRequest = {
  parameters: z.record(z.string().min(1).max(128), z.json()).optional(),
  /** Not before this instant. Default: now. */
  at: instantSchema.optional(),
  priority: prioritySchema.optional(),
};

export const MAX_TRIGGER_REQUESTS = 1_000;

/** One run, or with `requests` up to 1,000 of them. */
export const triggerRequestSchema = z
  .strictObject({
    ...runRequest,
    requests: z.array(z.strictObject(runRequest)).min(1).max(MAX_TRIGGER_REQUESTS).optional(),
  })
  .superRefine((body, context) => {
    if (body.requests === undefined) return;
    for (const field of ["parameters", "at", "priority"] as const) {
      if (body[field] === undefined) continue;
      context.addIssue({
        code: "custom",
        path: [field],
        message: "must stand in each of `requests` when those are given",
      });
    }
  })
  .meta({ id: "TriggerRequest" });
export type TriggerRequest = z.infer<typeof triggerRequestSchema>;

export const runListSchema = z.object({ items: z.array(runSchema) }).meta({ id: "RunList" });

export const cancelRequestSchema = z
  .strictObject({
    note: noteSchema.optional(),
    /** From the request to stop to the kill. Default: the job's; 0 kills at once. */
    graceMs: z.int().min(0).max(86_400_000).optional(),
  })
  .meta({ id: "CancelRequest" });
export type CancelRequest = z.infer<typeof cancelRequestSchema>;
