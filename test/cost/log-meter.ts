import type { Meter } from "../cloud/host/meter.ts";

/** What CloudWatch Logs adds to each event. */
const EVENT_BYTES = 26;
/** Estimates: what the logger adds to a line of its own, and what Lambda writes of each invocation that has one. */
const LOGGER_BYTES = 400;
const PLATFORM_BYTES = 600;

/** Adds up the lines that functions and workers write, and the metrics that CloudWatch makes of some. */
export class LogMeter {
  readonly #meter: Meter;
  readonly #metrics = new Set<string>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** Every metric so far: its name, and the values of its dimensions. */
  get metricNames(): readonly string[] {
    return [...this.#metrics].toSorted();
  }

  /** The line that a function writes of an invocation. */
  event(caller: string, fields: unknown): void {
    this.#add(caller, Buffer.byteLength(JSON.stringify(fields)) + LOGGER_BYTES + PLATFORM_BYTES);
  }

  /** A line of embedded metric format. */
  metrics(caller: string, line: string): void {
    this.#add(caller, Buffer.byteLength(line));
    for (const name of metricsOf(line)) this.#metrics.add(name);
  }

  #add(caller: string, bytes: number): void {
    this.#meter.record({ service: "logs", action: "line", caller }, { bytes: bytes + EVENT_BYTES });
  }
}

interface EmfLine {
  readonly [dimension: string]: unknown;
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

/** Every combination of a metric and values of its dimensions in a line of embedded metric format. */
function metricsOf(line: string): string[] {
  const document = JSON.parse(line) as EmfLine;
  return (document["_aws"]?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name }) =>
      Dimensions.map((names) => [Name, ...names.map((name) => `${name}=${String(document[name])}`)].join(" ")),
    ),
  );
}
