import { describe, expect, it } from "vitest";
import { MemoryMetrics } from "../../../adapters/embedded/memory-metrics.ts";
import { RelayMetrics, replay } from "../../../adapters/embedded/relay-metrics.ts";
import type { Dimensions } from "../../../core/ports/metrics.ts";
import { type Measured, metricsConformance } from "../../conformance/metrics-conformance.ts";

metricsConformance("memory", () => {
  const metrics = new MemoryMetrics();
  return { metrics, read: (metric, dimensions) => measured(metrics, metric, dimensions) };
});

metricsConformance("relay", () => {
  const metrics = new RelayMetrics();
  const shown = new MemoryMetrics();
  const read = (metric: string, dimensions: Dimensions) => {
    const report = metrics.take();
    if (report !== undefined) replay(report, shown);
    return measured(shown, metric, dimensions);
  };
  return { metrics, read };
});

/** What a scrape tells of one series. */
function measured(metrics: MemoryMetrics, metric: string, dimensions: Dimensions): Measured | undefined {
  const labels = Object.entries(dimensions).map(([name, value]) => `${name}="${value}"`);
  const series = labels.length === 0 ? "" : `{${labels.toSorted().join(",")}}`;
  const values = new Map(
    metrics
      .renderPrometheus()
      .split("\n")
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
  const named = (suffix: string) => values.get(`carillon_${metric}${suffix}${series}`);
  const [value, count, sum] = [named("") ?? named("_total"), named("_count"), named("_sum")];
  if (value !== undefined) return { value };
  return count === undefined || sum === undefined ? undefined : { count, sum };
}

describe("MemoryMetrics", () => {
  it("adds up counters, apart by their dimensions in whatever order", () => {
    const metrics = new MemoryMetrics();
    metrics.count("runs_finished", { outcome: "ok", pool: "default" });
    metrics.count("runs_finished", { pool: "default", outcome: "ok" }, 4);
    metrics.count("runs_finished", { pool: "default", outcome: "failed" });
    metrics.count("ticks");

    expect(metrics.renderPrometheus()).toBe(
      [
        "# TYPE carillon_runs_finished_total counter",
        'carillon_runs_finished_total{outcome="ok",pool="default"} 5',
        'carillon_runs_finished_total{outcome="failed",pool="default"} 1',
        "# TYPE carillon_ticks_total counter",
        "carillon_ticks_total 1",
        "",
      ].join("\n"),
    );
  });

  it("keeps the last value of a gauge", () => {
    const metrics = new MemoryMetrics();
    metrics.gauge("workers", 3, { pool: "default" });
    metrics.gauge("workers", 2.5, { pool: "default" });

    expect(metrics.renderPrometheus()).toContain('\ncarillon_workers{pool="default"} 2.5\n');
  });

  it("shows distributions as histograms whose buckets include the lower ones", () => {
    const metrics = new MemoryMetrics();
    for (const lagMs of [0.4, 1, 3, 70, 1e9]) metrics.observe("start_lag_ms", lagMs, { pool: "default" });

    const text = metrics.renderPrometheus();

    expect(text).toContain("# TYPE carillon_start_lag_ms histogram\n");
    expect(text).toContain('carillon_start_lag_ms_bucket{pool="default",le="1"} 2\n');
    expect(text).toContain('carillon_start_lag_ms_bucket{pool="default",le="5"} 3\n');
    expect(text).toContain('carillon_start_lag_ms_bucket{pool="default",le="100"} 4\n');
    expect(text).toContain('carillon_start_lag_ms_bucket{pool="default",le="+Inf"} 5\n');
    expect(text).toContain('carillon_start_lag_ms_sum{pool="default"} 1000000074.4\n');
    expect(text).toContain('carillon_start_lag_ms_count{pool="default"} 5\n');
  });

  it.each([
    { name: "payload_bytes", bound: "1048576" },
    { name: "batch_messages", bound: "20" },
  ])("chooses the buckets of $name by its unit", ({ name, bound }) => {
    const metrics = new MemoryMetrics();
    metrics.observe(name, 15);

    expect(metrics.renderPrometheus()).toContain(`carillon_${name}_bucket{le="${bound}"} 1\n`);
  });

  it("escapes the values of labels", () => {
    const metrics = new MemoryMetrics();
    metrics.count("odd", { what: 'a "b" \\ \n c' });

    expect(metrics.renderPrometheus()).toContain('{what="a \\"b\\" \\\\ \\n c"} 1\n');
  });

  it("adds up what comes beyond 200 combinations, and loses none of it", () => {
    const metrics = new MemoryMetrics();
    for (let id = 0; id < 1_000; id++) metrics.count("mistakes", { id: `${id}` });
    metrics.count("mistakes", { id: "7" });

    const lines = metrics.renderPrometheus().trimEnd().split("\n").slice(1);

    expect(lines).toHaveLength(201);
    expect(lines).toContain('carillon_mistakes_total{id="7"} 2');
    expect(lines.at(-1)).toBe('carillon_mistakes_total{overflow="true"} 800');
  });

  it.each(["", "Bad", "a-b", "1a", "a b", "a\nb"])("refuses the name %j", (name) => {
    expect(() => new MemoryMetrics().gauge(name, 1)).toThrow(/^Cannot use metric name/);
  });

  it("refuses one name for two kinds", () => {
    const metrics = new MemoryMetrics();
    metrics.gauge("depth", 1);

    expect(() => metrics.observe("depth", 1)).toThrow("Cannot use metric depth as a histogram: it is a gauge");
  });
});
