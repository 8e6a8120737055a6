import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { type ClientOptions, clientConfig } from "../../../adapters/aws/clients.ts";
import { eventually } from "../eventually.ts";

/** A DynamoDB of this process, on a port of the loopback interface, with one table as the product lays it out. */
export interface Dynalite {
  readonly endpoint: string;
  readonly tableName: string;
  /** A client of it, with the product's settings; closed along with it. */
  client(options?: ClientOptions): DynamoDBClient;
}

const TABLE_NAME = "carillon";

/** One for all tests of a file, closed after them. Call it at the top level of the file. */
export async function openDynalite(): Promise<Dynalite> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const clients: DynamoDBClient[] = [];

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const opened: Dynalite = {
    endpoint,
    tableName: TABLE_NAME,
    client: (options) => {
      const client = clientOf(endpoint, options);
      clients.push(client);
      return client;
    },
  };
  await createTable(opened.client(), TABLE_NAME);
  return opened;
}

/** Creates a table with the product's key, and waits until it can be used. */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
  await eventually(async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return Table?.TableStatus === "ACTIVE" ? true : undefined;
  });
}

function clientOf(endpoint: string, options?: ClientOptions): DynamoDBClient {
  return new DynamoDBClient({
    ...clientConfig(options),
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
}
