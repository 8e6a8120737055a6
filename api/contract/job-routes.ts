import { z } from "zod";
import { jobDefinitionSchema } from "../../core/job/definition.ts";
import { pageQuery } from "./common.ts";
import { DEFINITION_PROBLEMS } from "./definition-problems.ts";
import {
  jobChangeSchema,
  jobListQuery,
  jobPageSchema,
  jobSchema,
  pauseRequestSchema,
  resumeRequestSchema,
} from "./job.ts";
import { MAX_FILE_BYTES } from "./limits.ts";
import { jobParams, namespaceParams } from "./params.ts";
import { planRequestSchema, planSchema } from "./plan.ts";
import { routes } from "./route.ts";
import { whySchema } from "./why.ts";

const JOBS = "/v1/namespaces/:namespace/jobs";
const JOB = `${JOBS}/:job` as const;

export const jobRoutes = routes({
  listJobs: {
    method: "get",
    path: JOBS,
    summary: "List jobs by name",
    role: "viewer",
    scope: "namespace",
    params: namespaceParams,
    query: jobListQuery,
    responses: { 200: { description: "A page of jobs", schema: jobPageSchema } },
    problems: ["cursor-invalid"],
  },
  createJob: {
    method: "post",
    path: JOBS,
    summary: "Create a job",
    role: "editor",
    scope: "namespace",
    params: namespaceParams,
    body: jobDefinitionSchema,
    responses: { 201: { description: "The job", schema: jobSchema, headers: ["ETag", "Location"] } },
    problems: ["name-taken", ...DEFINITION_PROBLEMS],
    action: "job.define",
    idempotency: "answer",
  },
  putJob: {
    method: "put",
    path: JOB,
    summary: "Create a job, or change its definition",
    role: "editor",
    scope: "namespace",
    params: jobParams,
    body: jobDefinitionSchema,
    responses: {
      200: { description: "The job, changed or as it was", schema: jobSchema, headers: ["ETag"] },
      201: { description: "The job, created", schema: jobSchema, headers: ["ETag", "Location"] },
    },
    problems: ["version-conflict", "precondition-required", ...DEFINITION_PROBLEMS],
    action: "job.define",
    conditions: ["if-match", "if-none-match"],
  },
  getJob: {
    method: "get",
    path: JOB,
    summary: "Get a job, or an earlier version of it",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    query: z.strictObject({
      version: z.int().min(1).max(99_999_999).optional().meta({ description: "Default: the one that governs now" }),
    }),
    responses: {
      200: { description: "The job", schema: jobSchema, headers: ["ETag"] },
      304: { description: "Still the version that If-None-Match names" },
    },
    conditions: ["if-none-match"],
  },
  deleteJob: {
    method: "delete",
    path: JOB,
    summary: "Delete a job; its ledger stays",
    role: "editor",
    scope: "namespace",
    params: jobParams,
    query: z.strictObject({
      cancel: z.boolean().default(false).meta({ description: "Cancel its active runs first and wait for their end" }),
    }),
    responses: { 204: { description: "Deleted" } },
    problems: ["job-has-active-runs", "version-conflict"],
    action: "job.delete",
    conditions: ["if-match"],
  },
  listJobVersions: {
    method: "get",
    path: `${JOB}/versions`,
    summary: "List the versions of a job, newest first",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of versions", schema: jobPageSchema } },
    problems: ["cursor-invalid"],
  },
  pauseJob: {
    method: "post",
    path: `${JOB}/pause`,
    summary: "Hold what has not started until the job is resumed",
    role: "operator",
    scope: "namespace",
    params: jobParams,
    body: pauseRequestSchema,
    isBodyOptional: true,
    responses: { 200: { description: "The job", schema: jobChangeSchema, headers: ["ETag"] } },
    problems: ["version-conflict"],
    action: "job.pause",
    conditions: ["if-match"],
  },
  resumeJob: {
    method: "post",
    path: `${JOB}/resume`,
    summary: "Let a paused job go on",
    role: "operator",
    scope: "namespace",
    params: jobParams,
    body: resumeRequestSchema,
    responses: { 200: { description: "The job", schema: jobChangeSchema, headers: ["ETag"] } },
    problems: ["version-conflict"],
    action: "job.resume",
    conditions: ["if-match"],
  },
  explainJob: {
    method: "get",
    path: `${JOB}/why`,
    summary: "Tell what holds a job back",
    role: "viewer",
    scope: "namespace",
    params: jobParams,
    responses: { 200: { description: "The most decisive first", schema: whySchema } },
  },
  planJobs: {
    method: "post",
    path: "/v1/namespaces/:namespace/plan",
    summary: "Tell what defining jobs would change, without changing it",
    role: "viewer",
    scope: "namespace",
    params: namespaceParams,
    body: planRequestSchema,
    maxBodyBytes: MAX_FILE_BYTES,
    responses: { 200: { description: "A change for each definition, in their order", schema: planSchema } },
    problems: ["name-taken", ...DEFINITION_PROBLEMS],
  },
});
