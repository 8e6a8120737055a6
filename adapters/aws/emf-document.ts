import type { Dimensions } from "../../core/ports/metrics.ts";
import { PUBLISHED } from "./metric-names.ts";

/** What was measured with one set of dimensions, by name. */
export interface MeasuredSet {
  readonly dimensions: Dimensions;
  /** Of a distribution that is not published the summary is enough. */
  readonly values: ReadonlyMap<string, number | readonly number[] | Summary>;
}

export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The measurements of a set as one JSON document of the embedded metric format:
 * `{"event":"metrics","status":"failed","cause":"slot","runs_ended":2,"_aws":{...}}`. The directive names the published
 * metrics with the dimensions that they are published with; the rest of the document is for people and queries. Without a
 * published metric there is no directive, and CloudWatch sees a line of a log.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfDocument(
  { dimensions, values }: MeasuredSet,
  { namespace, atMs }: { readonly namespace: string; readonly atMs: number },
): string {
  const directives = directivesOf([...values.keys()], dimensions, namespace);
  return JSON.stringify({
    event: "metrics",
    ...dimensions,
    ...Object.fromEntries(values),
    ...(directives.length === 0 ? {} : { _aws: { Timestamp: Math.floor(atMs), CloudWatchMetrics: directives } }),
  });
}

interface Directive {
  readonly Namespace: string;
  /** One set of names: each further one would be a further metric on the bill. */
  readonly Dimensions: readonly [readonly string[]];
  readonly Metrics: { readonly Name: string; readonly Unit: string }[];
}

function directivesOf(names: readonly string[], dimensions: Dimensions, namespace: string): readonly Directive[] {
  const directives = new Map<string, Directive>();
  for (const name of names) {
    const published = PUBLISHED[name];
    if (published === undefined) continue;
    // A document that names a dimension without having it is refused as a whole.
    const present = published.dimensions.filter((dimension) => dimension in dimensions);
    const key = present.join(" ");
    const directive = directives.get(key) ?? { Namespace: namespace, Dimensions: [present], Metrics: [] };
    directive.Metrics.push({ Name: name, Unit: published.unit });
    directives.set(key, directive);
  }
  return [...directives.values()];
}
