import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { CloudWatchRunLogs } from "../../adapters/aws/cloudwatch-run-logs.ts";

/** The logs of runs in a log group. */
export function openRunLogs(logGroup: string): CloudWatchRunLogs {
  return new CloudWatchRunLogs({ client: new CloudWatchLogsClient(clientConfig()), logGroup });
}
