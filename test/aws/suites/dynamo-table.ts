import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import { tableConformance } from "../../conformance/table-conformance.ts";
import { createTable } from "../../support/aws/dynalite.ts";
import { installation } from "../installation.ts";

const client = new DynamoDBClient(clientConfig());
const tableName = installation;

beforeAll(() => createTable(client, tableName));

afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName: tableName }));
  client.destroy();
});

tableConformance("DynamoTable", async () => new DynamoTable({ client, tableName }));
