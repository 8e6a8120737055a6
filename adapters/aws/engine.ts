import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { clientConfig } from "./clients.ts";
import { CloudWatchRunLogs } from "./cloudwatch-run-logs.ts";
import type { EmfMetrics } from "./emf-metrics.ts";
import { type AwsCore, type CoreEnvironment, type CoreExtras, openAwsCore } from "./open-core.ts";

export interface EngineEnvironment extends CoreEnvironment {
  /** Log group of the output of runs. */
  readonly logGroup: string;
}

/** The core over the AWS adapters, the logs of runs, and the clients that they share. */
export interface AwsEngine extends Omit<AwsCore<EmfMetrics>, "clients"> {
  readonly logs: CloudWatchRunLogs;
  readonly clients: AwsCore["clients"] & { readonly logs: CloudWatchLogsClient };
}

/** For hosts that read or write the logs of runs; the others do with `openAwsCore`. */
export function openAwsEngine(environment: EngineEnvironment, extras: Omit<CoreExtras, "metrics"> = {}): AwsEngine {
  const { clients, ...engine } = openAwsCore(environment, extras);
  const client = new CloudWatchLogsClient(clientConfig());
  const logs = new CloudWatchRunLogs({ client, logGroup: environment.logGroup, clock: engine.core.clock });
  return { ...engine, logs, clients: { ...clients, logs: client } };
}
