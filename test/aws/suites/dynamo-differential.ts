import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import { holdToSameAnswers } from "../../conformance/table-differential.ts";
import { holdToSomeOrder } from "../../conformance/table-races.ts";
import { createTable } from "../../support/aws/dynalite.ts";
import { MemoryTable } from "../../support/memory-table.ts";
import { installation } from "../installation.ts";

const HISTORY = 500;
/** 10 to 100 s on an emulator. */
const operations = Number(process.env["CARILLON_TEST_OPERATIONS"] ?? 10_000);
const seeds = Array.from({ length: Math.ceil(operations / HISTORY) }, (_, index) => 7_000 + index);

const client = new DynamoDBClient(clientConfig());
const tableName = installation;
const dynamo = new DynamoTable({ client, tableName });

beforeAll(() => createTable(client, tableName));

afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName: tableName }));
  client.destroy();
});

describe(`DynamoTable answers as the table in memory does, to histories of ${HISTORY} operations`, () => {
  it.each(seeds)("with seed %i", { timeout: 300_000 }, async (seed) => {
    await expect(
      holdToSameAnswers({ memory: new MemoryTable(), dynamo }, { seed, operations: HISTORY }),
    ).resolves.toBeUndefined();
  });
});

describe("DynamoTable answers operations made at once as if one had come after another", () => {
  it.each([1, 2, 3, 4, 5])("with seed %i", { timeout: 300_000 }, async (seed) => {
    expect(await holdToSomeOrder(dynamo, { seed, rounds: 100, racingBatches: false })).toBeGreaterThanOrEqual(200);
  });
});
