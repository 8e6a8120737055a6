import { PortError } from "../../core/ports/errors.ts";
import type { Dimensions, Metrics } from "../../core/ports/metrics.ts";
import { Histogram, labelsOf, renderFamily, type Family } from "./prometheus.ts";

/**
 * The Metrics port in memory, shown in the text format of Prometheus. Names get the prefix `carillon_`, counters the
 * suffix `_total`; distributions are histograms. Each name has at most `MAX_SERIES` combinations of dimensions; what
 * comes beyond is added up under `overflow="true"`, so that a mistake in the code cannot fill the memory.
 */
export class MemoryMetrics implements Metrics {
  readonly #families = new Map<string, Family>();

  count(name: string, dimensions: Dimensions = {}, value = 1): void {
    const series = this.#numbers("counter", `${name}_total`);
    const labels = boundedLabels(series, dimensions);
    series.set(labels, (series.get(labels) ?? 0) + value);
  }

  observe(name: string, value: number, dimensions: Dimensions = {}): void {
    const series = this.#histograms(name);
    const labels = boundedLabels(series, dimensions);
    const histogram = series.get(labels) ?? new Histogram(name);
    histogram.add(value);
    series.set(labels, histogram);
  }

  gauge(name: string, value: number, dimensions: Dimensions = {}): void {
    const series = this.#numbers("gauge", name);
    series.set(boundedLabels(series, dimensions), value);
  }

  /** The body of a scrape: `text/plain; version=0.0.4`. */
  renderPrometheus(): string {
    return [...this.#families].map(([name, family]) => renderFamily(`carillon_${name}`, family)).join("");
  }

  #numbers(kind: "counter" | "gauge", name: string): Map<string, number> {
    const family = this.#families.get(name) ?? this.#add(name, { kind, series: new Map<string, number>() });
    if (family.kind !== kind) throw kindError(name, family.kind, kind);
    return family.series;
  }

  #histograms(name: string): Map<string, Histogram> {
    const family =
      this.#families.get(name) ?? this.#add(name, { kind: "histogram", series: new Map<string, Histogram>() });
    if (family.kind !== "histogram") throw kindError(name, family.kind, "histogram");
    return family.series;
  }

  #add(name: string, family: Family): Family {
    if (!NAME.test(name)) {
      throw new PortError(
        "INVALID",
        `Cannot use metric name ${JSON.stringify(name)}: it is lower-case letters, digits and '_'`,
      );
    }
    this.#families.set(name, family);
    return family;
  }
}

const MAX_SERIES = 200;
const NAME = /^[a-z][a-z0-9_]{0,99}$/;
const OVERFLOW = labelsOf({ overflow: "true" });

function boundedLabels(series: ReadonlyMap<string, unknown>, dimensions: Dimensions): string {
  const labels = labelsOf(dimensions);
  return series.has(labels) || series.size < MAX_SERIES ? labels : OVERFLOW;
}

function kindError(name: string, is: Family["kind"], wanted: Family["kind"]): PortError {
  return new PortError("INVALID", `Cannot use metric ${name} as a ${wanted}: it is a ${is}`);
}
