import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { randomBytes } from "node:crypto";
import { PortError } from "../../core/ports/errors.ts";
import type {
  BatchWrite,
  Body,
  Expectation,
  Key,
  Page,
  Query,
  Stored,
  Table,
  WriteResult,
} from "../../core/ports/table.ts";
import {
  checkBatchGet,
  checkBatchWrite,
  checkExpectation,
  checkKey,
  checkQuery,
  serialise,
} from "../shared/table-rules.ts";
import { wasInDoubt, watchAttempts } from "./dynamo-attempts.ts";
import { type BatchChange, declinedOf, readBatch, writeBatch } from "./dynamo-batches.ts";
import { conditionOf, holds, isWrittenBy, type Item, keyItem, revOf, storedOf } from "./dynamo-items.ts";
import { pageOf, queryInput } from "./dynamo-query.ts";
import { BatchRevisions } from "./dynamo-revisions.ts";
import { InFlight } from "./in-flight.ts";
import { portError, type PortErrorOptions } from "./sdk-errors.ts";

/** Makes it all but impossible (one in 2^64) that another write of the same item carries the same token. */
const TOKEN_BYTES = 8;

/** How often a write is sent that was refused by a state of its item which was over when it was looked at. */
const MAX_REFUSALS = 10;

/**
 * The Table port over one DynamoDB table with keys `pk` and `sk` (strings), no indexes, no streams needed.
 *
 * Every single write is one UpdateItem or DeleteItem with its condition: one write unit per KB, paid for a refusal too.
 * Reads are strongly consistent: one read unit per 4 KB.
 *
 * A repeated write. The SDK repeats a write whose answer was lost, and the repetition meets what the first attempt left.
 * - A put names itself by a random token in the item. Refused by an item that bears its own token, it has succeeded. The
 *   body could not tell: two callers may well write the same one, as with a slot that both find missing.
 * - Refused by anything else it has either lost, or succeeded and been overwritten since, and no one can say which: after
 *   a lost answer, though never without one, that is an `UNKNOWN_OUTCOME`. So is a refused delete.
 * - Without a condition, a write may take effect twice, the second time after others, as if it had been delayed; a delete
 *   then finds nothing and gives revision 0. What is written so has only one body (versions, audit records, due entries),
 *   or is written anew before long (heartbeats).
 */
export class DynamoTable implements Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #revisions = new BatchRevisions();
  readonly #inFlight = new InFlight();

  /** The client's attempts are watched from now on: see `watchAttempts`. */
  constructor({ client, tableName }: { readonly client: DynamoDBClient; readonly tableName: string }) {
    watchAttempts(client);
    this.#client = client;
    this.#name = tableName;
  }

  async get(key: Key): Promise<Stored | undefined> {
    checkKey(key);
    const item = await this.#call(`get ${named(key)}`, () => this.#find(key), { reading: true });
    return item === undefined ? undefined : storedOf(item);
  }

  async batchGet(keys: readonly Key[]): Promise<readonly Stored[]> {
    checkBatchGet(keys);
    const read = () => readBatch(this.#client, this.#name, { keys });
    return (await this.#call(`get ${keys.length} items`, read, { reading: true })).map(storedOf);
  }

  async query(query: Query): Promise<Page> {
    checkQuery(query);
    const input = queryInput(this.#name, query);
    if (input === undefined) return { items: [] };
    const read = () => this.#client.send(new QueryCommand(input));
    return pageOf(await this.#call(`query ${JSON.stringify(query.pk)}`, read, { reading: true }), query);
  }

  async put(key: Key, body: Body, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    const text = serialise(key, body);
    const token = randomBytes(TOKEN_BYTES);
    const { parameters, values } = conditionOf(expect);
    const command = new UpdateItemCommand({
      TableName: this.#name,
      Key: keyItem(key),
      UpdateExpression: "SET body = :body, w = :token ADD rev :one",
      ...parameters,
      ExpressionAttributeValues: { ...values, ":body": { S: text }, ":token": { B: token }, ":one": { N: "1" } },
      // Where the condition tells the new revision, the answer need not carry the body back.
      ReturnValues: expect === "any" ? "UPDATED_NEW" : "NONE",
    });
    return this.#write(`put ${named(key)}`, key, {
      token,
      expect,
      send: async () => {
        const { Attributes } = await this.#client.send(command);
        if (expect === "any") return revOf(Attributes ?? {});
        return expect === "absent" ? 1 : expect + 1;
      },
    });
  }

  async delete(key: Key, expect: Expectation): Promise<WriteResult> {
    checkKey(key);
    checkExpectation(expect);
    const { parameters, values } = conditionOf(expect);
    const command = new DeleteItemCommand({
      TableName: this.#name,
      Key: keyItem(key),
      ...parameters,
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
      ReturnValues: expect === "any" ? "ALL_OLD" : "NONE",
    });
    return this.#write(`delete ${named(key)}`, key, {
      expect,
      send: async () => {
        const { Attributes } = await this.#client.send(command);
        if (expect === "any") return Attributes === undefined ? 0 : revOf(Attributes);
        return expect === "absent" ? 0 : expect;
      },
    });
  }

  async batchWrite(writes: readonly BatchWrite[]): Promise<readonly BatchWrite[]> {
    checkBatchWrite(writes);
    if (writes.length === 0) return [];
    const changes = writes.map((write): BatchChange => ("put" in write ? { put: this.#itemOf(write.put) } : write));
    const declined = await this.#call(`write ${writes.length} items`, () =>
      writeBatch(this.#client, this.#name, changes),
    );
    return declinedOf(writes, declined);
  }

  /** Sends a write, and finds out what a refusal of its condition means. */
  async #write(action: string, key: Key, { send, token, expect }: Write): Promise<WriteResult> {
    for (let tries = 0; tries < MAX_REFUSALS; tries++) {
      const outcome = await this.#call(action, async () => {
        try {
          return await send();
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return error;
          throw error;
        }
      });
      if (typeof outcome === "number") return { ok: true, rev: outcome };

      const inDoubt = wasInDoubt(outcome);
      // There is none in the refusal when there is no such item, and never one with some emulators.
      const item = outcome.Item ?? (await this.#call(action, () => this.#find(key), { reading: true, inDoubt }));
      if (item !== undefined && token !== undefined && isWrittenBy(token, item)) return { ok: true, rev: revOf(item) };
      if (inDoubt) throw this.#lostTrack(action, outcome);
      if (!holds(expect, item)) return { ok: false, current: item && storedOf(item) };
      // What was read came after what refused, and would not have refused: no answer yet, so the write is sent again.
    }
    const what = `Cannot ${action} (table "${this.#name}")`;
    throw new PortError("UNAVAILABLE", `${what}: the item changed between refusal and reading ${MAX_REFUSALS} times`);
  }

  async #find(key: Key): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#name, Key: keyItem(key), ConsistentRead: true });
    return (await this.#client.send(command)).Item;
  }

  #itemOf({ key, body }: { readonly key: Key; readonly body: Body }): Item {
    return { ...keyItem(key), rev: { N: `${this.#revisions.next()}` }, body: { S: serialise(key, body) } };
  }

  #lostTrack(action: string, cause: Error): PortError {
    const what = `Cannot tell the outcome of: ${action} (table "${this.#name}")`;
    return new PortError("UNKNOWN_OUTCOME", `${what}: an answer was lost, and the item has changed since`, { cause });
  }

  /** Runs calls of the SDK, with their errors in the port's words. */
  async #call<T>(action: string, run: () => Promise<T>, options: PortErrorOptions = {}): Promise<T> {
    try {
      return await this.#inFlight.run(run);
    } catch (error) {
      const { reading = false, inDoubt = !reading && wasInDoubt(error) } = options;
      throw portError(`Cannot ${action} (table "${this.#name}")`, error, { reading, inDoubt });
    }
  }
}

interface Write {
  readonly send: () => Promise<number>;
  readonly expect: Expectation;
  /** Of a put. */
  readonly token?: Uint8Array;
}

function named(key: Key): string {
  return JSON.stringify(`${key.pk} / ${key.sk}`);
}
