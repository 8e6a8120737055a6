import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { nameSchema } from "./name.ts";
import { PRIORITIES } from "./priority.ts";

export const prioritySchema = z.enum(PRIORITIES).meta({ id: "Priority" });

/** Fields that say how runs are executed: of jobs, and of the steps of workflows. */
export const runFields = {
  /** Which workers run it. Default `default`. */
  pool: nameSchema.optional(),
  priority: prioritySchema.optional(),
  /** Parameters of every run; a run may override them. Texts may hold date macros of the slot. */
  parameters: z.record(z.string().min(1).max(128), z.json()).optional(),
  retry: z
    .strictObject({
      /** Attempts in all, the first included. Default 1: no retry. */
      maxAttempts: z.number().int().min(1).max(20).optional(),
      backoff: z
        .strictObject({
          /** Delay before the second attempt. Default 1s. */
          initial: durationSchema("0s", "24h").optional(),
          /** Default 5m. */
          max: durationSchema("0s", "24h").optional(),
          /** By which the delay grows with each attempt. Default 2. */
          factor: z.number().min(1).max(10).optional(),
          /** `full`: a uniform draw below the delay (default); `none`: the delay itself. */
          jitter: z.enum(["full", "none"]).optional(),
        })
        .optional(),
      nonRetryable: z
        .strictObject({
          exitCodes: z.array(z.number().int().min(0).max(255)).max(256).optional(),
          /** Names of errors, such as `ValidationError` or `TARGET_NOT_ALLOWED`. */
          errors: z.array(z.string().min(1).max(128)).max(100).optional(),
        })
        .optional(),
    })
    .optional(),
  timeouts: z
    .strictObject({
      /** Longest wait from due to start; after it the run expires. Default: none. */
      queue: durationSchema("1s", "30d").optional(),
      /** Longest time of one attempt. Default 1h. */
      run: durationSchema("1s", "30d").optional(),
      /** Longest silence of a job that reports progress. Default: none. */
      heartbeat: durationSchema("1s", "24h").optional(),
      /** Time between the request to stop and the kill. Default 10s. */
      grace: durationSchema("0s", "10m").optional(),
    })
    .optional(),
  /** Limits shared by runs that have the same key. */
  concurrency: z
    .array(
      z.strictObject({
        /** A text with macros, such as `customer-{{parameters.customer}}`. Default: the job. */
        key: z.string().min(1).max(256).optional(),
        /** Whose key it is: of this `job` (default) or of the whole `namespace`. */
        scope: z.enum(["job", "namespace"]).optional(),
        limit: z.number().int().min(1).max(100_000),
        /** What one run takes of the limit. Default 1. */
        weight: z.number().int().min(1).max(100_000).optional(),
      }),
    )
    .max(5)
    .optional(),
};

export type RunFields = typeof runFields;
