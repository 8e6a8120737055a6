import { Logger } from "@aws-lambda-powertools/logger";
import { describe, expect, it } from "vitest";
import { correlationIdOf } from "../../functions/shared/correlation-id.ts";
import { lazyFleet } from "../../functions/shared/lazy-ports.ts";
import { tracing } from "../../functions/shared/tracing.ts";
import { wrapHandler } from "../../functions/shared/wrap-handler.ts";
import { gatewayEvent, lambdaContext, snsEvent } from "./lambda.ts";

function wrapped(handler: (event: unknown) => Promise<unknown>) {
  const logger = new Logger({ logLevel: "SILENT" });
  const flushed: number[] = [];
  const metrics = { flush: () => void flushed.push(flushed.length + 1) };
  return { flushed, logger, call: wrapHandler(handler, { logger, metrics, correlationIdOf }) };
}

describe("wrapHandler()", () => {
  it("passes event and answer through, and flushes measurements after each", async () => {
    const { call, flushed } = wrapped((event) => Promise.resolve({ event }));

    expect(await call({ id: "e-1" }, lambdaContext())).toEqual({ event: { id: "e-1" } });
    expect(await call(null, lambdaContext())).toEqual({ event: null });
    expect(flushed).toHaveLength(2);
  });

  it("flushes measurements after a failure too, and fails with the same error", async () => {
    const error = new Error("nothing could be done");
    const { call, flushed } = wrapped(() => Promise.reject(error));

    await expect(call({}, lambdaContext())).rejects.toBe(error);
    expect(flushed).toHaveLength(1);
  });

  it("gives the log the id of the event and of the invocation", async () => {
    const ids: unknown[] = [];
    const { call, logger } = wrapped(async () => ids.push(logger.getCorrelationId()));

    await call(gatewayEvent("GET", "/healthz"), lambdaContext());
    await call({}, lambdaContext({ awsRequestId: "r-2" }));

    expect(ids).toEqual(["JKJaXmPLvHcESHA=", "r-2"]);
  });
});

describe("correlationIdOf()", () => {
  it.each([
    ["a request", gatewayEvent("GET", "/healthz"), "JKJaXmPLvHcESHA="],
    ["an event of EventBridge", { id: "6a7e8feb" }, "6a7e8feb"],
    ["a notice", snsEvent({ text: "x" }), "95df01b4-ee98-5cb9-9903-4c221d41eb5e"],
    ["a wake-up", { scheduledAt: "2026-11-22T15:00:00Z" }, "r-1"],
    ["an id that is no text", { id: 7 }, "r-1"],
    ["nothing", null, "r-1"],
  ])("knows what %s is called", (_, event, id) => {
    expect(correlationIdOf(event, { awsRequestId: "r-1" })).toBe(id);
  });
});

describe("lazyFleet()", () => {
  it("opens at the first call, once, and again after a failure", async () => {
    const sizes: number[] = [];
    let openings = 0;
    const fleet = lazyFleet(async () => {
      openings += 1;
      if (openings === 1) throw new Error("the module can't be read");
      return { resize: async (_pool, count) => void sizes.push(count) };
    });

    expect(openings).toBe(0);
    await expect(fleet.resize("default", 1)).rejects.toThrow("the module can't be read");
    await Promise.all([fleet.resize("default", 2), fleet.resize("default", 3)]);

    expect([openings, sizes]).toEqual([2, [2, 3]]);
  });
});

describe("tracing()", () => {
  it("is off unless the stack has turned it on", async () => {
    expect(await tracing({})).toEqual([]);
    expect(await tracing({ POWERTOOLS_TRACE_ENABLED: "false" })).toEqual([]);
  });
});
