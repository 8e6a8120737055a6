import { z } from "zod";
import { aliveSchema, readinessSchema } from "./health.ts";
import { routes } from "./route.ts";

export const serviceRoutes = routes({
  checkAlive: {
    method: "get",
    path: "/healthz",
    summary: "Tell that the process is alive",
    role: "public",
    scope: "token",
    responses: { 200: { description: "Alive", schema: aliveSchema } },
  },
  checkReady: {
    method: "get",
    path: "/readyz",
    summary: "Tell whether slots are scheduled and the store can be used",
    role: "public",
    scope: "token",
    responses: {
      200: { description: "Ready", schema: readinessSchema },
      503: { description: "Not ready", schema: readinessSchema },
    },
  },
  readMetrics: {
    method: "get",
    path: "/metrics",
    summary: "Read the metrics in the text format of Prometheus",
    role: "viewer",
    scope: "platform",
    responses: {
      200: { description: "The metrics", schema: z.string(), mediaType: "text/plain; version=0.0.4; charset=utf-8" },
    },
  },
  readOpenApi: {
    method: "get",
    path: "/v1/openapi.json",
    summary: "Get this document",
    role: "public",
    scope: "token",
    responses: { 200: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.json()) } },
  },
});
