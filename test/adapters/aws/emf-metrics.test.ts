import { describe, expect, it } from "vitest";
import { EmfMetrics } from "../../../adapters/aws/emf-metrics.ts";
import { metricNamespace, PUBLISHED } from "../../../adapters/aws/metric-names.ts";
import type { Dimensions } from "../../../core/ports/metrics.ts";
import { type Measured, metricsConformance } from "../../conformance/metrics-conformance.ts";
import { ManualClock } from "../../support/manual-clock.ts";

metricsConformance("embedded metric format", () => {
  const { lines, metrics } = setUp();
  return {
    metrics,
    read: (metric, dimensions) => {
      metrics.flush();
      return measured(lines(), metric, dimensions);
    },
  };
});

describe("EmfMetrics", () => {
  it("writes a document that CloudWatch makes metrics from", () => {
    const { clock, lines, metrics } = setUp();
    metrics.count("runs_ended", { status: "failed", cause: "slot" }, 2);
    metrics.flush();

    expect(lines()).toEqual([
      {
        event: "metrics",
        status: "failed",
        cause: "slot",
        runs_ended: 2,
        _aws: {
          Timestamp: clock.nowMs(),
          CloudWatchMetrics: [
            {
              Namespace: metricNamespace("carillon"),
              Dimensions: [["status"]],
              Metrics: [{ Name: "runs_ended", Unit: "Count" }],
            },
          ],
        },
      },
    ]);
  });

  it("writes one document for each set of dimensions, with a directive for each set that is published", () => {
    const { lines, metrics } = setUp();
    metrics.gauge("slots_unexplained", 0);
    metrics.observe("run_start_lateness_ms", 12.345678);
    metrics.count("workers_lost", { pool: "default", status: "x" });
    metrics.count("runs_ended", { pool: "default", status: "x" });
    metrics.flush();

    expect(lines().map(directives)).toEqual([
      [{ dimensions: [[]], names: ["slots_unexplained", "run_start_lateness_ms"] }],
      [
        { dimensions: [[]], names: ["workers_lost"] },
        { dimensions: [["status"]], names: ["runs_ended"] },
      ],
    ]);
    expect(lines()[0]).toMatchObject({ slots_unexplained: 0, run_start_lateness_ms: [12.346] });
  });

  it("publishes no dimension that was not measured", () => {
    const { lines, metrics } = setUp();
    metrics.count("runs_ended");
    metrics.flush();

    expect(lines().map(directives)).toEqual([[{ dimensions: [[]], names: ["runs_ended"] }]]);
  });

  it("keeps what is not published as plain properties, distributions as their summary", () => {
    const { lines, metrics } = setUp();
    metrics.count("http_requests", { operation: "getRun" });
    for (const ms of [5, 1, 9]) metrics.observe("http_request_duration_ms", ms, { operation: "getRun" });
    metrics.flush();

    expect(lines()).toEqual([
      {
        event: "metrics",
        operation: "getRun",
        http_requests: 1,
        http_request_duration_ms: { count: 3, sum: 15, min: 1, max: 9 },
      },
    ]);
  });

  it("writes nothing of what was not measured, is zero times, or is no number", () => {
    const { lines, metrics } = setUp();
    metrics.count("slots_dispatched", {}, 0);
    metrics.count("slots_dispatched", {}, Number.NaN);
    metrics.observe("run_start_lateness_ms", Number.NaN);
    metrics.gauge("dead_letters", Number.POSITIVE_INFINITY);
    metrics.flush();
    expect(lines()).toEqual([]);

    metrics.count("slots_dispatched");
    metrics.flush();
    metrics.flush();
    expect(lines()).toHaveLength(1);
  });

  it("writes distributions 100 values at a time, and loses none", () => {
    const { lines, metrics } = setUp();
    for (let ms = 0; ms < 250; ms++) metrics.observe("run_start_lateness_ms", ms);
    metrics.flush();

    const values = lines().map((line) => line["run_start_lateness_ms"]);
    expect(values.map((each) => (Array.isArray(each) ? each.length : 0))).toEqual([100, 100, 50]);
    expect(values.flat()).toEqual(Array.from({ length: 250 }, (_, ms) => ms));
  });

  it("keeps at most 200 sets of dimensions before it writes them, and loses none", () => {
    const { lines, metrics } = setUp();
    for (let id = 0; id < 1_000; id++) metrics.count("mistakes", { id: `${id}` });
    expect(lines()).toHaveLength(800);
    metrics.flush();

    expect(new Set(lines().map((line) => line["id"])).size).toBe(1_000);
  });

  it("may have a namespace of its own", () => {
    const { lines, metrics } = setUp({ namespace: "Carillon/second" });
    metrics.count("workers_lost");
    metrics.flush();

    expect(lines()[0]).toMatchObject({ _aws: { CloudWatchMetrics: [{ Namespace: "Carillon/second" }] } });
  });

  it("publishes 17 metrics at most: what is added here is added to the bill of everybody", () => {
    const values: Record<string, number> = { status: 6 };
    const metrics = Object.values(PUBLISHED).map(({ dimensions }) =>
      dimensions.reduce((product, name) => product * (values[name] ?? Number.POSITIVE_INFINITY), 1),
    );

    expect(metrics.reduce((sum, each) => sum + each)).toBe(17);
  });
});

type Line = Readonly<Record<string, unknown>>;

function setUp(options: { readonly namespace?: string } = {}) {
  const clock = new ManualClock();
  const texts: string[] = [];
  const metrics = new EmfMetrics({ clock, write: (line) => texts.push(line), ...options });
  return { clock, metrics, lines: () => texts.map((text): Line => JSON.parse(text) as Line) };
}

/** What CloudWatch is told to make of a line. */
function directives(line: Line) {
  const { _aws: aws } = line as {
    _aws?: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  };
  return (aws?.CloudWatchMetrics ?? []).map(({ Dimensions, Metrics }) => ({
    dimensions: Dimensions,
    names: Metrics.map(({ Name }) => Name),
  }));
}

/** What the lines tell of one metric with exactly these dimensions. */
function measured(lines: readonly Line[], metric: string, dimensions: Dimensions): Measured | undefined {
  const found = lines.filter(
    (line) =>
      metric in line &&
      Object.entries(line).filter(([, value]) => typeof value === "string").length ===
        Object.keys(dimensions).length + 1 &&
      Object.entries(dimensions).every(([name, value]) => line[name] === value),
  );
  const values = found.map((line) => line[metric]);
  const last = values.at(-1);
  if (typeof last === "object") return last as Measured;
  return last === undefined ? undefined : { value: Number(last) };
}
