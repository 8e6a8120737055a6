/** The public entry of the client. */
export { ApiError, ConnectionError, type SentRequest } from "./api-error.ts";
export { CarillonClient } from "./client.ts";
export { defineWorkflow } from "./define-workflow.ts";
export type { FetchInit, FetchLike } from "./fetch-like.ts";
export type { FollowOptions } from "./follow-logs.ts";
export type { Expectation, JobKey, ListJobsOptions, RunRequest, TriggerOptions } from "./jobs-api.ts";
export type { PageOptions } from "./paging.ts";
export type { QueueKey } from "./pools-api.ts";
export type { RetryPolicy } from "./retry.ts";
export type { LogOptions } from "./runs-api.ts";
export type { TransportOptions } from "./transport.ts";
export { stepRunId } from "./workflows-api.ts";
