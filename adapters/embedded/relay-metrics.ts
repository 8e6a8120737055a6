import type { Dimensions, Metrics } from "../../core/ports/metrics.ts";

/** What one process has measured since it last told another. */
export interface MetricsReport {
  readonly counts: readonly (readonly [name: string, dimensions: Dimensions, value: number])[];
  readonly observations: readonly (readonly [name: string, dimensions: Dimensions, values: readonly number[]])[];
  readonly gauges: readonly (readonly [name: string, dimensions: Dimensions, value: number])[];
}

/** Values kept of one distribution between two reports; what comes beyond is counted by none, so that memory is bounded. */
const MAX_VALUES = 10_000;

/** The Metrics port of a process whose measurements are shown by another: collects, and gives them away as a report. */
export class RelayMetrics implements Metrics {
  #counts = new Map<string, { name: string; dimensions: Dimensions; value: number }>();
  #observations = new Map<string, { name: string; dimensions: Dimensions; values: number[] }>();
  #gauges = new Map<string, { name: string; dimensions: Dimensions; value: number }>();

  count(name: string, dimensions: Dimensions = {}, value = 1): void {
    const key = keyOf(name, dimensions);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { name, dimensions, value });
    else known.value += value;
  }

  observe(name: string, value: number, dimensions: Dimensions = {}): void {
    const key = keyOf(name, dimensions);
    const known = this.#observations.get(key);
    if (known === undefined) this.#observations.set(key, { name, dimensions, values: [value] });
    else if (known.values.length < MAX_VALUES) known.values.push(value);
  }

  gauge(name: string, value: number, dimensions: Dimensions = {}): void {
    this.#gauges.set(keyOf(name, dimensions), { name, dimensions, value });
  }

  /** Everything since the last call, `undefined` when there is nothing. */
  take(): MetricsReport | undefined {
    if (this.#counts.size + this.#observations.size + this.#gauges.size === 0) return undefined;
    const report: MetricsReport = {
      counts: [...this.#counts.values()].map(({ name, dimensions, value }) => [name, dimensions, value]),
      observations: [...this.#observations.values()].map(({ name, dimensions, values }) => [name, dimensions, values]),
      gauges: [...this.#gauges.values()].map(({ name, dimensions, value }) => [name, dimensions, value]),
    };
    this.#counts = new Map();
    this.#observations = new Map();
    this.#gauges = new Map();
    return report;
  }
}

/** Adds what another process has measured to the metrics of this one. */
export function replay(report: MetricsReport, metrics: Metrics): void {
  for (const [name, dimensions, value] of report.counts) metrics.count(name, dimensions, value);
  for (const [name, dimensions, values] of report.observations) {
    for (const value of values) metrics.observe(name, value, dimensions);
  }
  for (const [name, dimensions, value] of report.gauges) metrics.gauge(name, value, dimensions);
}

function keyOf(name: string, dimensions: Dimensions): string {
  return `${name} ${JSON.stringify(dimensions)}`;
}
