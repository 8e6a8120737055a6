import { z } from "zod";
import { noFields, pageQuery } from "./common.ts";
import { backfillPageSchema, backfillPlanSchema, backfillRequestSchema, backfillSchema } from "./backfill.ts";
import { ledgerPageSchema, ledgerQuery, ledgerSummarySchema } from "./ledger.ts";
import { logPageSchema, logQuery } from "./log.ts";
import { backfillParams, jobParams, runParams } from "./params.ts";
import { routes } from "./route.ts";
import {
  cancelRequestSchema,
  runListQuery,
  runListSchema,
  runPageSchema,
  runSchema,
  triggerRequestSchema,
} from "./run.ts";
import { whySchema } from "./why.ts";

const JOB = "/v1/namespaces/:namespace/jobs/:job";
const RUN = "/v1/runs/:runId";

export const runRoutes = routes({
  triggerJob: {
    method: "post",
    path: `${JOB}/runs`,
    summary: "Run a job now or at an instant, once or many times",
    role: "operator",
    scope: "namespace",
    params: jobParams,
    body: triggerRequestSchema,
    isBodyOptional: true,
    responses: {
      201: {
        description: "The run; with `requests`, all of them",
        schema: z.union([runSchema, runListSchema]),
        headers: ["Location"],
      },
    },
    problems: ["job-not-active", "parameters-invalid", "payload-too-large", "idempotency-mismatch"],
    action: "job.trigger",
    idempotency: "service",
  },
  listRuns: {
    method: "get",
    path: `${JOB}/runs`,
    summary: "List the runs of a job, newest first",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    query: runListQuery,
    responses: { 200: { description: "A page of runs", schema: runPageSchema } },
    problems: ["cursor-invalid"],
  },
  readLedger: {
    method: "get",
    path: `${JOB}/ledger`,
    summary: "Account for every slot of a stretch of time",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    query: ledgerQuery,
    responses: {
      200: {
        description: "The sum; with `rows`, a page of rows, newest first",
        schema: z.union([ledgerSummarySchema, ledgerPageSchema]),
      },
    },
    problems: ["window-empty", "range-too-large", "cursor-invalid"],
  },
  startBackfill: {
    method: "post",
    path: `${JOB}/backfills`,
    summary: "Run a job for the slots of a stretch of time",
    role: "operator",
    scope: "namespace",
    params: jobParams,
    body: backfillRequestSchema,
    responses: {
      200: { description: "What a dry run found", schema: backfillPlanSchema },
      201: { description: "The backfill", schema: backfillSchema, headers: ["Location"] },
    },
    problems: ["window-empty", "datetime-out-of-range", "backfill-too-large", "job-not-active"],
    action: "backfill.start",
    idempotency: "answer",
  },
  listBackfills: {
    method: "get",
    path: `${JOB}/backfills`,
    summary: "List the backfills of a job, newest first",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of backfills", schema: backfillPageSchema } },
    problems: ["cursor-invalid"],
  },
  getBackfill: {
    method: "get",
    path: `${JOB}/backfills/:backfill`,
    summary: "Get a backfill",
    role: "viewer",
    scope: "namespace",
    params: backfillParams,
    responses: { 200: { description: "The backfill", schema: backfillSchema } },
  },
  cancelBackfill: {
    method: "post",
    path: `${JOB}/backfills/:backfill/cancel`,
    summary: "Submit no further runs of a backfill",
    role: "operator",
    scope: "namespace",
    params: backfillParams,
    body: noFields,
    isBodyOptional: true,
    responses: { 200: { description: "The backfill", schema: backfillSchema } },
    action: "backfill.cancel",
  },
  getRun: {
    method: "get",
    path: RUN,
    summary: "Get a run",
    role: "viewer",
    scope: "run",
    params: runParams,
    responses: { 200: { description: "The run", schema: runSchema } },
  },
  cancelRun: {
    method: "post",
    path: `${RUN}/cancel`,
    summary: "Cancel a run",
    role: "operator",
    scope: "run",
    params: runParams,
    body: cancelRequestSchema,
    isBodyOptional: true,
    responses: {
      200: { description: "It had not started and never will", schema: runSchema },
      202: { description: "It is being stopped: by its worker, or step by step", schema: runSchema },
    },
    problems: ["run-already-final"],
    action: "run.cancel",
  },
  rerunRun: {
    method: "post",
    path: `${RUN}/rerun`,
    summary: "Run an ended run's slot again, as a new run",
    role: "operator",
    scope: "run",
    params: runParams,
    body: noFields,
    isBodyOptional: true,
    responses: { 201: { description: "The new run", schema: runSchema, headers: ["Location"] } },
    problems: ["run-is-step", "run-not-final", "definition-missing", "job-not-active", "parameters-invalid"],
    action: "run.rerun",
    idempotency: "answer",
  },
  explainRun: {
    method: "get",
    path: `${RUN}/why`,
    summary: "Tell what holds a run back, or what became of it",
    role: "viewer",
    scope: "run",
    params: runParams,
    responses: { 200: { description: "The most decisive first", schema: whySchema } },
  },
  readLogs: {
    method: "get",
    path: `${RUN}/logs`,
    summary: "Read the output of a run, or follow it until its end",
    role: "viewer",
    scope: "run",
    params: runParams,
    query: logQuery,
    responses: {
      200: {
        description:
          "A page of lines; with `Accept: text/event-stream` or `follow`, events `attempt`, `entry` and `end`",
        schema: logPageSchema,
      },
    },
    problems: ["cursor-invalid"],
  },
});
