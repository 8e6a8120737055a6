import type { Dimensions } from "../../core/ports/metrics.ts";

/** All series of one name; the key of a series is its labels in text form, `""` for none. */
export type Family =
  | { readonly kind: "counter" | "gauge"; readonly series: Map<string, number> }
  | { readonly kind: "histogram"; readonly series: Map<string, Histogram> };

/** Counts of values up to each bound. The bounds follow from the unit at the end of the metric's name. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Per bound, and one for what is above the last. Not cumulative. */
  readonly counts: number[];
  sum = 0;

  constructor(name: string) {
    this.bounds = boundsFor(name);
    this.counts = Array.from({ length: this.bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    const bucket = index === -1 ? this.bounds.length : index;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** The text form of labels, in the order of their names: `{outcome="ok",pool="default"}`, or `""`. */
export function labelsOf(dimensions: Dimensions): string {
  const names = Object.keys(dimensions);
  if (names.length === 0) return "";
  const pairs = names.sort().map((name) => `${name}="${escape(dimensions[name] ?? "")}"`);
  return `{${pairs.join(",")}}`;
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export function renderFamily(name: string, family: Family): string {
  const lines = [`# TYPE ${name} ${family.kind}`];
  if (family.kind === "histogram") {
    for (const [labels, histogram] of family.series) lines.push(...histogramLines(name, labels, histogram));
  } else {
    for (const [labels, value] of family.series) lines.push(`${name}${labels} ${numeral(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function histogramLines(name: string, labels: string, { bounds, counts, sum }: Histogram): string[] {
  let total = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += counts[index] ?? 0;
    return `${name}_bucket${withLabel(labels, `le="${numeral(bound)}"`)} ${total}`;
  });
  return [...buckets, `${name}_sum${labels} ${numeral(sum)}`, `${name}_count${labels} ${total}`];
}

const MS_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000];
const BYTES_BOUNDS = [64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 10_485_760];
const COUNT_BOUNDS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000];

function boundsFor(name: string): readonly number[] {
  if (name.endsWith("_ms")) return MS_BOUNDS;
  return name.endsWith("_bytes") ? BYTES_BOUNDS : COUNT_BOUNDS;
}

function withLabel(labels: string, label: string): string {
  return labels === "" ? `{${label}}` : `${labels.slice(0, -1)},${label}}`;
}

function numeral(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
