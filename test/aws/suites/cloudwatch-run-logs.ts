import { CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogGroupCommand } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { CloudWatchRunLogs } from "../../../adapters/aws/cloudwatch-run-logs.ts";
import { runLogsConformance } from "../../conformance/run-logs-conformance.ts";
import { installation } from "../installation.ts";

const client = new CloudWatchLogsClient(clientConfig());
const logGroup = `/${installation}/runs`;

beforeAll(async () => {
  await client.send(new CreateLogGroupCommand({ logGroupName: logGroup }));
});

afterAll(async () => {
  await client.send(new DeleteLogGroupCommand({ logGroupName: logGroup }));
  client.destroy();
});

runLogsConformance("CloudWatchRunLogs", async () => new CloudWatchRunLogs({ client, logGroup }));
