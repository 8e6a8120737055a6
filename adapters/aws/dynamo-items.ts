import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { PortError } from "../../core/ports/errors.ts";
import type { Body, Expectation, Key, Stored } from "../../core/ports/table.ts";

/**
 * An item as DynamoDB holds it: `pk` and `sk` (S), `rev` (N), `body` (S, the JSON text), `w` (B, the token of the single
 * write that made it; absent after a batch). Besides keys and body that is 12 bytes of names, 8 of the token and 2 of a
 * small revision: an item with 1,000 bytes of keys and JSON still costs one write unit (1 KB). After a batch it is 11
 * bytes of names and 9 of the revision.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export type Item = Record<string, AttributeValue>;

export function keyItem({ pk, sk }: Key): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** @throws {PortError} `INVALID` when the item was not written through the port */
export function storedOf(item: Item): Stored {
  const { pk, sk } = keyOf(item);
  const body = item["body"]?.S;
  if (body === undefined) throw foreign(sk, "body");
  return { key: { pk, sk }, body: JSON.parse(body) as Body, rev: revOf(item) };
}

export function keyOf(item: Item): Key {
  const [pk, sk] = [item["pk"]?.S, item["sk"]?.S];
  if (pk === undefined || sk === undefined) throw foreign(sk ?? "?", "pk or sk");
  return { pk, sk };
}

export function revOf(item: Item): number {
  const rev = item["rev"]?.N;
  if (rev === undefined) throw foreign(item["sk"]?.S ?? "?", "rev");
  return Number(rev);
}

/** The single write that made the item is the one that carried `token`. */
export function isWrittenBy(token: Uint8Array, item: Item): boolean {
  const written = item["w"]?.B;
  return written !== undefined && Buffer.compare(written, token) === 0;
}

interface Condition {
  readonly parameters: {
    readonly ConditionExpression?: string;
    readonly ReturnValuesOnConditionCheckFailure?: "ALL_OLD";
  };
  /** What the expression names. */
  readonly values: Item;
}

/** An expectation as the condition of a write. A refusal brings along the item that broke it, at no further cost. */
export function conditionOf(expect: Expectation): Condition {
  if (expect === "any") return { parameters: {}, values: {} };
  const isAbsent = expect === "absent";
  return {
    parameters: {
      ConditionExpression: isAbsent ? "attribute_not_exists(pk)" : "rev = :expected",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
    values: isAbsent ? {} : { ":expected": { N: `${expect}` } },
  };
}

/** Whether a write with this expectation would be let through by the item. */
export function holds(expect: Expectation, item: Item | undefined): boolean {
  if (expect === "any") return true;
  return expect === "absent" ? item === undefined : item !== undefined && revOf(item) === expect;
}

function foreign(sk: string, attribute: string): PortError {
  return new PortError("INVALID", `Cannot read item ${JSON.stringify(sk)}: it has no ${attribute} of the right type`);
}
