import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { setTimeout as sleep } from "node:timers/promises";
import { PortError } from "../../core/ports/errors.ts";
import type { BatchWrite, Key } from "../../core/ports/table.ts";
import { type Item, keyItem, keyOf } from "./dynamo-items.ts";

/** Answers in a row that gave nothing, after which a batch read is given up: with the pauses between them, some 3 s. */
const MAX_VAIN_READS = 8;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** A put as it will stand in the table, or the key of what is to go. */
export type BatchChange = { readonly put: Item } | { readonly delete: Key };

/**
 * The items that exist among `keys`. DynamoDB answers with at most 16 MB and with less when it throttles, and names the
 * keys that it left out; those are asked for again, after a pause with full jitter whenever an answer gave nothing.
 *
 * @throws {PortError} `THROTTLED` when nothing comes any more; errors of the SDK as they are
 */
export async function readBatch(
  client: DynamoDBClient,
  tableName: string,
  { keys, pause = sleep }: { readonly keys: readonly Key[]; readonly pause?: (ms: number) => Promise<unknown> },
): Promise<Item[]> {
  const found: Item[] = [];
  let wanted: Item[] = keys.map(keyItem);
  for (let vain = 0; wanted.length > 0;) {
    const output = await client.send(
      new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: wanted, ConsistentRead: true } } }),
    );
    found.push(...(output.Responses?.[tableName] ?? []));
    const left = output.UnprocessedKeys?.[tableName]?.Keys ?? [];
    vain = left.length < wanted.length ? 0 : vain + 1;
    if (vain === MAX_VAIN_READS) throw gaveNothing(tableName, left.length);
    if (vain > 0) await pause(Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** vain));
    wanted = left;
  }
  return found;
}

/** Sends up to 25 changes. @returns the keys of those that DynamoDB declined */
export async function writeBatch(
  client: DynamoDBClient,
  tableName: string,
  changes: readonly BatchChange[],
): Promise<Key[]> {
  const output = await client.send(
    new BatchWriteItemCommand({ RequestItems: { [tableName]: changes.map(requestOf) } }),
  );
  return (output.UnprocessedItems?.[tableName] ?? []).map(({ PutRequest, DeleteRequest }) =>
    keyOf(PutRequest?.Item ?? DeleteRequest?.Key ?? {}),
  );
}

/** The writes of a batch whose keys are among `declined`. */
export function declinedOf(writes: readonly BatchWrite[], declined: readonly Key[]): BatchWrite[] {
  return writes.filter((write) => {
    const { pk, sk } = "put" in write ? write.put.key : write.delete;
    return declined.some((key) => key.pk === pk && key.sk === sk);
  });
}

function requestOf(change: BatchChange): WriteRequest {
  return "put" in change ? { PutRequest: { Item: change.put } } : { DeleteRequest: { Key: keyItem(change.delete) } };
}

function gaveNothing(tableName: string, keys: number): PortError {
  return new PortError(
    "THROTTLED",
    `Cannot get ${keys} items of table "${tableName}": ${MAX_VAIN_READS} answers in a row held none of them`,
  );
}
