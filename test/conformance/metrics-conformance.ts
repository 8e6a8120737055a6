import { describe, expect, it } from "vitest";
import type { Dimensions, Metrics } from "../../core/ports/metrics.ts";

/** What was measured under one name and one set of dimensions. For a distribution: how many values, and their sum. */
export interface Measured {
  readonly count?: number;
  readonly sum?: number;
  readonly value?: number;
}

/** @param read - what a reader of this adapter's output finds; `undefined` when nothing */
export function metricsConformance(
  name: string,
  open: () => { metrics: Metrics; read: (metric: string, dimensions: Dimensions) => Measured | undefined },
): void {
  describe(`${name} metrics`, () => {
    it("count() adds up, by dimensions whatever their order", () => {
      const { metrics, read } = open();
      metrics.count("runs_ended", { status: "succeeded", cause: "slot" });
      metrics.count("runs_ended", { cause: "slot", status: "succeeded" }, 2);
      metrics.count("runs_ended", { cause: "slot", status: "failed" });

      expect(read("runs_ended", { cause: "slot", status: "succeeded" })?.value).toBe(3);
      expect(read("runs_ended", { cause: "slot", status: "failed" })?.value).toBe(1);
    });

    it("observe() keeps a distribution", () => {
      const { metrics, read } = open();
      for (const ms of [1, 20, 300]) metrics.observe("start_lateness_ms", ms);

      expect(read("start_lateness_ms", {})).toMatchObject({ count: 3, sum: 321 });
    });

    it("gauge() keeps the last level", () => {
      const { metrics, read } = open();
      metrics.gauge("slots_free", 7, { pool: "default" });
      metrics.gauge("slots_free", 5, { pool: "default" });

      expect(read("slots_free", { pool: "default" })?.value).toBe(5);
    });

    it("tells nothing of what was never measured", () => {
      expect(open().read("runs_ended", {})).toBeUndefined();
    });
  });
}
