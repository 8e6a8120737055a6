import { problem, ProblemError } from "../contract/problem.ts";
import type { serviceRoutes } from "../contract/service-routes.ts";
import type { HandlersOf } from "./handler.ts";

export const serviceHandlers: HandlersOf<typeof serviceRoutes> = {
  async checkAlive() {
    return { status: 200, body: { status: "ok" } };
  },

  async checkReady(_call, { health, probe }) {
    const [{ ready, scheduler }, isStoreUsable] = await Promise.all([health(), probe.isUsable()]);
    const { shards, lastRoundAgeMs } = scheduler;
    const age = Number.isFinite(lastRoundAgeMs) ? { lastRoundAgeMs: Math.round(lastRoundAgeMs) } : {};
    const state = { scheduler: { shards: shards.length, ...age }, store: isStoreUsable ? "ok" : "failing" } as const;
    if (ready && isStoreUsable) return { status: 200, body: { status: "ready", ...state } };
    return { status: 503, body: { status: "notReady", ...state } };
  },

  async readMetrics(_call, { renderMetrics }) {
    if (renderMetrics === undefined) {
      throw new ProblemError(problem("not-found", "Cannot find metrics: this server does not serve them"));
    }
    const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" };
    return { raw: new Response(renderMetrics(), { headers }) };
  },

  async readOpenApi() {
    // Loaded when it is asked for: what makes the document is large, and few ask.
    const { openApiDocument } = await import("../contract/openapi.ts");
    return { raw: Response.json(openApiDocument()) };
  },
};
