import type { Clock } from "../../core/ports/clock.ts";
import type { Dimensions, Metrics } from "../../core/ports/metrics.ts";
import { emfDocument, type Summary } from "./emf-document.ts";
import { metricNamespace, PUBLISHED } from "./metric-names.ts";

export interface EmfMetricsOptions {
  readonly clock: Clock;
  /** Takes one line without its line feed. @default writes to standard output, which Lambda and Fargate bring to CloudWatch Logs */
  readonly write?: (line: string) => void;
  /** Of the metrics in CloudWatch. @default "Carillon" */
  readonly namespace?: string;
}

/**
 * The Metrics port over the log: what was measured is added up, and `flush()` writes one line for each set of dimensions,
 * from which CloudWatch makes the metrics that are published. Nothing measured, nothing written, nothing billed. Memory is
 * bounded without loss: what grows too large is written before its time.
 */
export class EmfMetrics implements Metrics {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  readonly #namespace: string;
  readonly #sets = new Map<string, GrowingSet>();

  constructor(options: EmfMetricsOptions) {
    const {
      clock,
      write = (line) => process.stdout.write(`${line}\n`),
      namespace = metricNamespace("carillon"),
    } = options;
    this.#clock = clock;
    this.#write = write;
    this.#namespace = namespace;
  }

  count(name: string, dimensions: Dimensions = {}, value = 1): void {
    if (!Number.isFinite(value) || value === 0) return;
    const { values } = this.#setOf(dimensions);
    const sofar = values.get(name);
    values.set(name, (typeof sofar === "number" ? sofar : 0) + value);
  }

  observe(name: string, value: number, dimensions: Dimensions = {}): void {
    if (!Number.isFinite(value)) return;
    const set = this.#setOf(dimensions);
    const shortValue = Math.round(value * 1_000) / 1_000;
    if (PUBLISHED[name] === undefined) {
      set.values.set(name, withValue(set.values.get(name), shortValue));
      return;
    }
    const sofar = set.values.get(name);
    const values = Array.isArray(sofar) ? sofar : [];
    values.push(shortValue);
    set.values.set(name, values);
    if (values.length === MAX_VALUES) this.#flushSet(keyOf(dimensions));
  }

  gauge(name: string, value: number, dimensions: Dimensions = {}): void {
    if (Number.isFinite(value)) this.#setOf(dimensions).values.set(name, value);
  }

  /** Writes what was measured since the last call. */
  flush(): void {
    for (const key of this.#sets.keys()) this.#flushSet(key);
  }

  #setOf(dimensions: Dimensions): GrowingSet {
    const key = keyOf(dimensions);
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size === MAX_SETS) this.flush();
    const set: GrowingSet = { dimensions, values: new Map() };
    this.#sets.set(key, set);
    return set;
  }

  #flushSet(key: string): void {
    const set = this.#sets.get(key);
    if (set === undefined) return;
    this.#sets.delete(key);
    this.#write(emfDocument(set, { namespace: this.#namespace, atMs: this.#clock.nowMs() }));
  }
}

interface GrowingSet {
  readonly dimensions: Dimensions;
  readonly values: Map<string, number | number[] | Summary>;
}

/** Of one metric in one document; CloudWatch refuses more. */
const MAX_VALUES = 100;
const MAX_SETS = 200;

/** One for each set of dimensions, in whatever order they are given. */
function keyOf(dimensions: Dimensions): string {
  return JSON.stringify(Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function withValue(sofar: number | number[] | Summary | undefined, value: number): Summary {
  if (typeof sofar !== "object" || Array.isArray(sofar)) return { count: 1, sum: value, min: value, max: value };
  const { count, sum, min, max } = sofar;
  return { count: count + 1, sum: sum + value, min: Math.min(min, value), max: Math.max(max, value) };
}
