import { describe, expect, it } from "vitest";
import { readBatch } from "../../../adapters/aws/dynamo-batches.ts";
import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import type { BatchWrite, Key } from "../../../core/ports/table.ts";
import { openDynalite } from "../../support/aws/dynalite.ts";
import { type DynamoFault, DynamoFaults } from "../../support/aws/dynamo-faults.ts";
import { uniqueName } from "../../support/unique-name.ts";

const dynalite = await openDynalite();
const { tableName } = dynalite;
const direct = dynalite.client();

describe("DynamoTable, when a batch comes back in part,", () => {
  it("batchGet() asks for the rest until it has all", async () => {
    const { table, faults } = open();
    const keys = await itemsOf(table, 4);
    faults.next.push(answerOf(keys.slice(0, 1), keys.slice(1)), answerOf(keys.slice(1, 3), keys.slice(3)));

    const found = await table.batchGet(keys);

    expect(found.map((item) => item.key.sk)).toEqual(["0", "1", "2", "3"]);
  });

  it("batchWrite() gives back the writes that were declined, as they were", async () => {
    const { table, faults } = open();
    const pk = uniqueName();
    const writes: BatchWrite[] = [
      { put: { key: { pk, sk: "a" }, body: { n: 1 } } },
      { put: { key: { pk, sk: "b" }, body: { n: 2 } } },
      { delete: { pk, sk: "c" } },
      { delete: { pk, sk: "d" } },
    ];
    faults.next.push(async ({ input }) => {
      const [, second, third] = (input["RequestItems"] as Record<string, object[]>)[tableName] ?? [];
      return { answer: { UnprocessedItems: { [tableName]: [third, second] } } };
    });

    expect(await table.batchWrite(writes)).toEqual([writes[1], writes[2]]);
  });

  it("takes the largest bodies that 25 writes may have", async () => {
    const { table } = open();
    const pk = uniqueName();
    const text = "x".repeat(350 * 1_024 - '{"t":""}'.length);
    const writes = Array.from({ length: 25 }, (_, n) => ({ put: { key: { pk, sk: `${n}` }, body: { t: text } } }));

    expect(await table.batchWrite(writes)).toEqual([]);
    const sizes = (await table.batchGet(writes.map(({ put }) => put.key))).map(
      ({ body }) => JSON.stringify(body).length,
    );

    expect(sizes).toEqual(Array.from({ length: 25 }, () => 350 * 1_024));
  });
});

describe("readBatch", () => {
  it("pauses longer and longer while answers give nothing, and then gives up", async () => {
    const { client, faults } = open();
    const keys = [{ pk: "p", sk: "s" }];
    faults.next.push(...Array.from({ length: 8 }, () => answerOf([], keys)));
    const pauses: number[] = [];

    const reading = readBatch(client, tableName, { keys, pause: async (ms) => pauses.push(ms) });

    await expect(reading).rejects.toMatchObject({
      code: "THROTTLED",
      message: 'Cannot get 1 items of table "carillon": 8 answers in a row held none of them',
    });
    const longest = [100, 200, 400, 800, 1_000, 1_000, 1_000];
    expect(pauses.map((ms, index) => ms >= 0 && ms <= (longest[index] ?? 0))).toEqual(longest.map(() => true));
  });

  it("does not lose patience while answers give something", async () => {
    const { client, faults } = open();
    const keys = Array.from({ length: 20 }, (_, n) => ({ pk: "p", sk: `${n}` }));
    for (const [index, key] of keys.entries()) {
      faults.next.push(answerOf([], keys.slice(index)), answerOf([key], keys.slice(index + 1)));
    }

    expect(await readBatch(client, tableName, { keys, pause: async () => undefined })).toHaveLength(20);
  });
});

function open() {
  const faults = new DynamoFaults(direct);
  const client = dynalite.client({ requestHandler: faults.requestHandler });
  return { client, table: new DynamoTable({ client, tableName }), faults };
}

async function itemsOf(table: DynamoTable, count: number): Promise<Key[]> {
  const pk = uniqueName();
  const keys = Array.from({ length: count }, (_, n) => ({ pk, sk: `${n}` }));
  await Promise.all(keys.map((key) => table.put(key, {}, "any")));
  return keys;
}

/** An answer to BatchGetItem that holds empty items under `found` and leaves out `left`. */
function answerOf(found: readonly Key[], left: readonly Key[]): DynamoFault {
  const items = found.map((key) => ({ ...wireOf(key), rev: { N: "1" }, body: { S: "{}" } }));
  return {
    answer: {
      Responses: { [tableName]: items },
      UnprocessedKeys: left.length === 0 ? {} : { [tableName]: { Keys: left.map(wireOf), ConsistentRead: true } },
    },
  };
}

function wireOf({ pk, sk }: Key) {
  return { pk: { S: pk }, sk: { S: sk } };
}
