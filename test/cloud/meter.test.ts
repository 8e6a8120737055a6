import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cloud } from "./host/cloud.ts";
import { itemBytes } from "./host/dynamo-charge.ts";
import { difference, Meter, total } from "./host/meter.ts";

const KB = 1_024;

describe("Meter", () => {
  it("gives what was consumed between two readings, by whom and for what", () => {
    const meter = new Meter();
    const key = { service: "sqs", action: "SendMessage", caller: "tick" };
    meter.record(key, { requests: 1, bytes: 10 });
    const earlier = meter.snapshot();
    meter.record(key, { requests: 2 });
    meter.record({ ...key, caller: "api" }, { requests: 5 });

    const reading = difference(meter.snapshot(), earlier);

    expect(reading.map(({ caller, requests, bytes }) => ({ caller, requests, bytes }))).toEqual([
      { caller: "tick", requests: 2, bytes: 0 },
      { caller: "api", requests: 5, bytes: 0 },
    ]);
    expect(total(reading).requests).toBe(7);
    expect(total(reading, { caller: "api" }).requests).toBe(5);
  });
});

describe("the charges of DynamoDB", () => {
  let cloud: Cloud;
  let client: DynamoDBClient;
  let TableName: string;

  beforeAll(async () => {
    cloud = await Cloud.start({ isStill: true });
    client = new DynamoDBClient(cloud.clientSettings());
    TableName = cloud.deployment.all("AWS::DynamoDB::GlobalTable")[0]?.name ?? "";
  });

  afterAll(async () => {
    client.destroy();
    await cloud.close();
  });

  /** What `act` has consumed. */
  async function charge(act: () => Promise<unknown>) {
    const before = cloud.meter.snapshot();
    await act();
    const { readUnits, writeUnits } = total(difference(cloud.meter.snapshot(), before), { service: "dynamodb" });
    return { readUnits, writeUnits };
  }

  function put(sk: string, body: string, condition?: string) {
    return client.send(
      new UpdateItemCommand({
        TableName,
        Key: { pk: { S: "meter" }, sk: { S: sk } },
        UpdateExpression: "SET body = :b ADD rev :one",
        ExpressionAttributeValues: { ":b": { S: body }, ":one": { N: "1" } },
        ...(condition !== undefined && { ConditionExpression: condition }),
      }),
    );
  }

  function get(sk: string) {
    const Key = { pk: { S: "meter" }, sk: { S: sk } };
    return client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  }

  function query(pk: string) {
    return client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: pk } },
        ConsistentRead: true,
      }),
    );
  }

  it.each([100, KB - 100, KB, 3 * KB])("are a write unit for each KB begun of an item: %i bytes", async (bytes) => {
    const body = "x".repeat(bytes);
    const size = itemBytes({ pk: { S: "meter" }, sk: { S: "a" }, body: { S: body }, rev: { N: "1" } });

    const consumed = await charge(() => put("a", body));

    // By the larger of the old and the new item; each test writes a larger one.
    expect(consumed).toEqual({ readUnits: 0, writeUnits: Math.ceil(size / KB) });
  });

  it("are those of the write for a write that is refused", async () => {
    await put("b", "x".repeat(2 * KB));

    const consumed = await charge(() => put("b", "y", "attribute_not_exists(pk)").catch(() => undefined));

    expect(consumed).toEqual({ readUnits: 0, writeUnits: 3 });
  });

  it("are a write unit for each item of a batch", async () => {
    const items = ["c", "d", "e"].map((sk) => ({ PutRequest: { Item: { pk: { S: "meter" }, sk: { S: sk } } } }));

    const consumed = await charge(() =>
      client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: items } })),
    );

    expect(consumed).toEqual({ readUnits: 0, writeUnits: 3 });
  });

  it("are a read unit for each 4 KB begun, one for a look that finds nothing", async () => {
    await put("f", "x".repeat(5 * KB));

    expect((await charge(() => get("f"))).readUnits).toBe(2);
    expect((await charge(() => get("absent"))).readUnits).toBe(1);
    expect((await charge(() => query("absent"))).readUnits).toBe(1);
  });

  it("leave the answer as the client asked for it", async () => {
    const answer = await put("g", "x");

    expect(answer.ConsumedCapacity).toBeUndefined();
  });
});
