import { z } from "zod";
import { prioritySchema } from "../../core/job/run-fields.ts";
import { instantText } from "./common.ts";

export const workerSchema = z
  .object({
    id: z.string(),
    pool: z.string(),
    state: z.enum(["ready", "draining", "gone"]),
    slots: z.int(),
    /** Ids of the runs that it executes. */
    running: z.array(z.string()),
    startedAt: instantText,
    host: z.string().optional(),
    pid: z.int().optional(),
  })
  .meta({ id: "Worker" });
export type Worker = z.infer<typeof workerSchema>;

export const workerListSchema = z.object({ items: z.array(workerSchema) }).meta({ id: "WorkerList" });

export const poolSchema = z
  .object({
    name: z.string(),
    /** Workers that are not gone. */
    workers: z.int(),
    /** Of those that take runs. */
    slots: z.int(),
    running: z.int(),
  })
  .meta({ id: "Pool" });
export type Pool = z.infer<typeof poolSchema>;

export const poolListSchema = z.object({ items: z.array(poolSchema) }).meta({ id: "PoolList" });

/** Approximate counts of one queue. */
export const queueSchema = z
  .object({
    priority: prioritySchema,
    visible: z.int(),
    delayed: z.int(),
    inFlight: z.int(),
    deadLetters: z.int(),
    oldestAgeMs: z.number().optional().meta({ description: "Absent where the queue service does not tell it" }),
  })
  .meta({ id: "Queue" });
export type Queue = z.infer<typeof queueSchema>;

export const queueListSchema = z.object({ items: z.array(queueSchema) }).meta({ id: "QueueList" });

export const deadLetterSchema = z
  .object({
    namespace: z.string(),
    /** Absent when the message can't be read. */
    runId: z.string().optional(),
    receives: z.int(),
    /** The message as it was sent. */
    body: z.string(),
  })
  .meta({ id: "DeadLetter" });
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const deadLetterListSchema = z.object({ items: z.array(deadLetterSchema) }).meta({ id: "DeadLetterList" });
export const redriveSchema = z.object({ redriven: z.int() }).meta({ id: "Redrive" });
