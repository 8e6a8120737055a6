import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { metricNamespace } from "../../adapters/aws/metric-names.ts";

/** A metric of the engine's own. It is billed for the months in which the engine had something to tell. */
export function engineMetric(
  installation: string,
  { name, statistic, period = Duration.minutes(5) }: { name: string; statistic: string; period?: Duration },
): Metric {
  return new Metric({ namespace: metricNamespace(installation), metricName: name, statistic, period });
}
