import { z } from "zod";
import { nameSchema, namespaceSchema } from "../../core/job/name.ts";
import { prioritySchema } from "../../core/job/run-fields.ts";
import { idParam } from "./common.ts";
import { runIdParam } from "./run.ts";

export const namespaceParams = z.object({ namespace: namespaceSchema });
export const jobParams = namespaceParams.extend({ job: nameSchema });
export const calendarParams = namespaceParams.extend({ calendar: nameSchema });
export const backfillParams = jobParams.extend({ backfill: idParam });
export const runParams = z.object({ runId: runIdParam });
export const poolParams = z.object({ pool: nameSchema });
export const queueParams = poolParams.extend({ priority: prioritySchema });
export const workerParams = poolParams.extend({ worker: z.string().regex(/^[A-Za-z0-9._:@-]{1,128}$/) });
export const tokenParams = z.object({ token: idParam });
