import { describe, expect, it } from "vitest";
import { MemoryMetrics } from "../../../adapters/embedded/memory-metrics.ts";
import { RelayMetrics, replay } from "../../../adapters/embedded/relay-metrics.ts";

describe("RelayMetrics", () => {
  it("brings to another process what a direct measurement would have brought", () => {
    const direct = new MemoryMetrics();
    const relay = new RelayMetrics();
    for (const metrics of [direct, relay]) {
      metrics.count("runs_ended", { status: "succeeded" });
      metrics.count("runs_ended", { status: "succeeded" }, 2);
      metrics.count("runs_ended", { status: "failed" });
      metrics.observe("start_lateness_ms", 3);
      metrics.observe("start_lateness_ms", 300);
      metrics.gauge("slots_free", 7);
    }
    const shown = new MemoryMetrics();
    const report = relay.take();
    replay(structuredClone(report ?? { counts: [], observations: [], gauges: [] }), shown);

    expect(shown.renderPrometheus()).toBe(direct.renderPrometheus());
    expect(relay.take()).toBeUndefined();
  });
});
