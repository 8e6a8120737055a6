import { z } from "zod";
import { noFields, pageQuery } from "./common.ts";
import { poolParams, queueParams, workerParams } from "./params.ts";
import {
  deadLetterListSchema,
  poolListSchema,
  queueListSchema,
  redriveSchema,
  workerListSchema,
  workerSchema,
} from "./pool.ts";
import { routes } from "./route.ts";

const QUEUES = "/v1/pools/:pool/queues";

export const fleetRoutes = routes({
  listPools: {
    method: "get",
    path: "/v1/pools",
    summary: "List the pools that ever had a worker",
    role: "viewer",
    scope: "platform",
    responses: { 200: { description: "The pools, by name", schema: poolListSchema } },
  },
  listWorkers: {
    method: "get",
    path: "/v1/pools/:pool/workers",
    summary: "List the workers of a pool",
    role: "viewer",
    scope: "platform",
    params: poolParams,
    responses: { 200: { description: "The workers, by id", schema: workerListSchema } },
  },
  drainWorker: {
    method: "post",
    path: "/v1/workers/:pool/:worker/drain",
    summary: "Let a worker end its runs and take no more",
    role: "operator",
    scope: "platform",
    params: workerParams,
    body: noFields,
    isBodyOptional: true,
    responses: { 202: { description: "The worker, which reads this with its next heartbeat", schema: workerSchema } },
    action: "worker.drain",
  },
  listQueues: {
    method: "get",
    path: QUEUES,
    summary: "Tell how long the queues of a pool are",
    role: "viewer",
    scope: "platform",
    params: poolParams,
    responses: { 200: { description: "One queue for each priority", schema: queueListSchema } },
  },
  listDeadLetters: {
    method: "get",
    path: `${QUEUES}/:priority/dead-letters`,
    summary: "List the messages that were delivered too often",
    role: "viewer",
    scope: "platform",
    params: queueParams,
    query: z.strictObject({ limit: pageQuery.limit }),
    responses: { 200: { description: "The oldest first", schema: deadLetterListSchema } },
  },
  redriveDeadLetters: {
    method: "post",
    path: `${QUEUES}/:priority/dead-letters/redrive`,
    summary: "Put the dead letters of a queue back into it",
    role: "operator",
    scope: "platform",
    params: queueParams,
    body: noFields,
    isBodyOptional: true,
    responses: { 200: { description: "How many", schema: redriveSchema } },
    action: "queue.redrive",
  },
});
