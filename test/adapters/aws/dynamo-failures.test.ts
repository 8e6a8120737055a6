import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import type { Key } from "../../../core/ports/table.ts";
import { openDynalite } from "../../support/aws/dynalite.ts";
import { type DynamoFault, DynamoFaults } from "../../support/aws/dynamo-faults.ts";
import { uniqueName } from "../../support/unique-name.ts";

const dynalite = await openDynalite();
const { tableName } = dynalite;
const direct = dynalite.client();
const other = new DynamoTable({ client: direct, tableName });

describe("DynamoTable, when an answer is lost and the SDK repeats the request,", () => {
  it("says that a put on condition has succeeded, once", async () => {
    const { table, faults } = open();
    const key = aKey();

    faults.next.push("lost");
    expect(await table.put(key, { n: 1 }, "absent")).toEqual({ ok: true, rev: 1 });
    faults.next.push("lost", "lost");
    expect(await table.put(key, { n: 2 }, 1)).toEqual({ ok: true, rev: 2 });

    expect(await table.get(key)).toEqual({ key, body: { n: 2 }, rev: 2 });
  });

  it("does not take the equal put of another for its own", async () => {
    const { table, faults } = open();
    const key = aKey();
    await other.put(key, { n: 1 }, "absent");

    faults.next.push("lost");

    await expect(table.put(key, { n: 1 }, "absent")).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  });

  it("can't tell what became of a put that another has overwritten meanwhile", async () => {
    const { table, faults } = open();
    const key = aKey();
    faults.next.push(
      "lost",
      meanwhile(() => other.put(key, { n: 2 }, 1)),
    );

    await expect(table.put(key, { n: 1 }, "absent")).rejects.toMatchObject({
      code: "UNKNOWN_OUTCOME",
      message: `Cannot tell the outcome of: put "${key.pk} / item" (table "carillon"): an answer was lost, and the item has changed since`,
      cause: { name: "ConditionalCheckFailedException" },
    });
  });

  it("can't tell who removed an item that was to be deleted on condition", async () => {
    const { table, faults } = open();
    const key = aKey();
    await other.put(key, {}, "absent");

    faults.next.push("lost");

    await expect(table.delete(key, 1)).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
    expect(await table.get(key)).toBeUndefined();
  });

  it("deletes without a condition, and finds nothing the second time", async () => {
    const { table, faults } = open();
    const key = aKey();
    await other.put(key, {}, "absent");

    faults.next.push("lost");

    expect(await table.delete(key, "any")).toEqual({ ok: true, rev: 0 });
  });

  it("can't tell the outcome when the repetition fails in another way", async () => {
    const { table, faults } = open({ maxAttempts: 2 });
    const key = aKey();
    for (const last of ["unsent", THROTTLED] as const) {
      faults.next.push("lost", last);
      await expect(table.put(key, {}, "any")).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
    }
  });

  it("can't tell the outcome of a put when it can't look either", async () => {
    const { table, faults } = open({ maxAttempts: 2 });
    faults.next.push("lost", undefined, "unsent", "unsent");

    await expect(table.put(aKey(), {}, "absent")).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
  });

  it("can't tell the outcome when all answers are lost, and what was written stays", async () => {
    const { table, faults } = open({ maxAttempts: 2 });
    const key = aKey();

    faults.next.push("lost", "lost");
    await expect(table.put(key, { n: 1 }, "any")).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });
    faults.next.push("lost", "lost");
    await expect(table.batchWrite([{ delete: aKey() }])).rejects.toMatchObject({ code: "UNKNOWN_OUTCOME" });

    expect(await table.get(key)).toMatchObject({ body: { n: 1 } });
  });

  it("reads again, or says that it can't", async () => {
    const { table, faults } = open({ maxAttempts: 2 });
    const key = aKey();
    await other.put(key, {}, "any");

    faults.next.push("lost");
    expect(await table.get(key)).toEqual({ key, body: {}, rev: 1 });
    faults.next.push("lost", "lost");
    await expect(table.get(key)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("DynamoTable, when a condition is refused,", () => {
  it("takes the current item from the refusal, where it is", async () => {
    const { table, faults } = open();
    const key = aKey();
    const item = { pk: { S: key.pk }, sk: { S: key.sk }, rev: { N: "7" }, body: { S: '{"n":7}' }, w: { B: "AAAA" } };
    const refusal = { ...REFUSED, fields: { Item: item } };
    faults.next.push(refusal, refusal);

    const refused = { ok: false, current: { key, body: { n: 7 }, rev: 7 } };
    expect(await table.put(key, {}, 6)).toEqual(refused);
    expect(await table.delete(key, "absent")).toEqual(refused);
    expect(faults.requests.map(({ operation }) => operation)).toEqual(["UpdateItem", "DeleteItem"]);
  });

  it("knows its own put by the refusal", async () => {
    const { table, faults } = open();
    const key = aKey();
    faults.next.push("lost", async ({ input }) => ({
      ...REFUSED,
      fields: { Item: { rev: { N: "7" }, w: (input["ExpressionAttributeValues"] as { ":token": object })[":token"] } },
    }));

    expect(await table.put(key, {}, 6)).toEqual({ ok: true, rev: 7 });
  });

  it("looks for the item where the refusal leaves it out", async () => {
    const { table, faults } = open();
    const key = aKey();

    expect(await table.put(key, {}, 1)).toEqual({ ok: false, current: undefined });
    expect(faults.requests.map(({ operation }) => operation)).toEqual(["UpdateItem", "GetItem"]);
  });

  it("writes again when the item that it looks for has come to be as expected", async () => {
    const { table, faults } = open();
    const key = aKey();
    faults.next.push(
      undefined,
      meanwhile(() => other.put(key, { n: 1 }, "absent")),
    );

    expect(await table.put(key, { n: 2 }, 1)).toEqual({ ok: true, rev: 2 });
    expect(await table.get(key)).toEqual({ key, body: { n: 2 }, rev: 2 });
  });

  it("deletes again when the item that refused it has gone, as was expected", async () => {
    const { table, faults } = open();
    const key = aKey();
    await other.put(key, {}, "absent");
    faults.next.push(
      undefined,
      meanwhile(() => other.delete(key, 1)),
    );

    expect(await table.delete(key, "absent")).toEqual({ ok: true, rev: 0 });
  });

  it("gives up, with nothing applied, when that goes on", async () => {
    const { table, faults } = open();
    const key = aKey();
    const create = meanwhile(() => other.put(key, {}, "absent"));
    const remove = meanwhile(() => other.delete(key, 1));
    // Each look finds the item that each write has missed.
    for (let tries = 0; tries < 10; tries++) faults.next.push(tries === 0 ? undefined : remove, create);

    await expect(table.put(key, { n: 2 }, 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect((await table.get(key))?.body).toEqual({});
  });
});

describe("DynamoTable, when the service refuses,", () => {
  it.each<{ what: string; fault: DynamoFault; code: string; message: RegExp }>([
    {
      what: "a throttled request",
      fault: { error: "ThrottlingException", message: "Rate exceeded" },
      code: "THROTTLED",
      message: /^Cannot .* \(table "carillon"\): throttled: Rate exceeded \(ThrottlingException\)$/,
    },
    {
      what: "a throttled request with reasons",
      fault: {
        error: "ProvisionedThroughputExceededException",
        message: "Throughput exceeds the current capacity of your table.",
        fields: { ThrottlingReasons: [{ reason: "TableWriteMaxOnDemandThroughputExceeded", resource: "arn:t" }] },
      },
      code: "THROTTLED",
      message: /because of TableWriteMaxOnDemandThroughputExceeded$/,
    },
    {
      what: "expired credentials",
      fault: { error: "ExpiredTokenException", message: "The security token included in the request is expired" },
      code: "UNAVAILABLE",
      message: /credentials or permissions were refused: The security token included in the request is expired/,
    },
    {
      what: "a request too large",
      fault: { error: "ValidationException", message: "Item size to update has exceeded the maximum allowed size" },
      code: "INVALID",
      message: /Item size to update has exceeded the maximum allowed size \(ValidationException\)$/,
    },
    { what: "a service that nobody reaches", fault: "unsent", code: "UNAVAILABLE", message: /ECONNREFUSED/ },
  ])("says $code of $what, whatever was asked", async ({ fault, code, message }) => {
    const { table, faults } = open({ maxAttempts: 1 });
    const key = aKey();

    for (const call of everyCall(table, key)) {
      faults.next.push(fault);
      await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(message), cause: CAUSE });
    }
  });

  it("names a table that does not exist", async () => {
    const table = new DynamoTable({ client: direct, tableName: "elsewhere" });

    for (const call of everyCall(table, aKey())) {
      await expect(call()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringMatching(/\(table "elsewhere"\): it does not exist in this account and region/),
        cause: { name: "ResourceNotFoundException" },
      });
    }
  });

  it("refuses an oversize item before anything is sent", async () => {
    const { table, faults } = open();

    await expect(table.put(aKey(), { t: "x".repeat(350 * 1_024) }, "any")).rejects.toMatchObject({ code: "INVALID" });
    expect(faults.requests).toEqual([]);
  });

  it("says which attribute an item lacks that something else has written", async () => {
    const key = aKey();
    await direct.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: key.pk }, sk: { S: key.sk } } }));

    await expect(other.get(key)).rejects.toMatchObject({
      code: "INVALID",
      message: 'Cannot read item "item": it has no body of the right type',
    });
  });
});

const REFUSED = { error: "ConditionalCheckFailedException", message: "The conditional request failed" };
const THROTTLED = { error: "ThrottlingException", message: "Rate exceeded" };
const CAUSE: unknown = expect.any(Error);

function open(options: { maxAttempts?: number } = {}) {
  const faults = new DynamoFaults(direct);
  const client = dynalite.client({ ...options, requestHandler: faults.requestHandler });
  return { table: new DynamoTable({ client, tableName }), faults };
}

function everyCall(table: DynamoTable, key: Key): (() => Promise<unknown>)[] {
  return [
    () => table.get(key),
    () => table.batchGet([key]),
    () => table.query({ pk: key.pk, limit: 1 }),
    () => table.put(key, {}, "any"),
    () => table.put(key, {}, "absent"),
    () => table.delete(key, 1),
    () => table.batchWrite([{ delete: key }]),
  ];
}

function meanwhile(act: () => Promise<unknown>): DynamoFault {
  return async () => {
    await act();
    return undefined;
  };
}

function aKey(): Key {
  return { pk: uniqueName(), sk: "item" };
}
