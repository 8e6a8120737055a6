import type { QueryCommandInput, QueryCommandOutput } from "@aws-sdk/client-dynamodb";
import type { Page, Query } from "../../core/ports/table.ts";
import { isBelow } from "../shared/utf8-order.ts";
import { keyItem, storedOf } from "./dynamo-items.ts";

/**
 * The port's query in DynamoDB's terms; `undefined` when no key can match.
 *
 * DynamoDB takes one condition on the sort key, and its only one with two bounds, BETWEEN, includes both. So an ascending
 * query with both reads an item that stands at `before` along, and `pageOf` drops it. A descending query begins at
 * `before`, as if the page before it had ended there: the item of a start key need not exist, and is left out.
 */
export function queryInput(tableName: string, query: Query): QueryCommandInput | undefined {
  const { pk, from, before, limit, descending = false } = query;
  if (isEmptyRange(query)) return undefined;
  const { condition, bounds } = descending ? rangeOf({ from }) : rangeOf({ from, before });
  const start = descending ? startDownwards(query) : startUpwards(query);
  return {
    TableName: tableName,
    ConsistentRead: true,
    KeyConditionExpression: `pk = :pk${condition}`,
    ExpressionAttributeValues: { ":pk": { S: pk }, ...bounds },
    Limit: limit,
    ScanIndexForward: !descending,
    ...(start === undefined ? {} : { ExclusiveStartKey: keyItem({ pk, sk: start }) }),
  };
}

/** DynamoDB ends a page at `limit` items or at 1 MB, whichever comes first, and then says where to go on. */
export function pageOf(output: QueryCommandOutput, { before }: Query): Page {
  const found = (output.Items ?? []).map(storedOf);
  const items = found.filter((item) => item.key.sk !== before);
  const next = output.LastEvaluatedKey?.["sk"]?.S;
  // The item at `before` was the last of the range.
  return next === undefined || items.length < found.length ? { items } : { items, next };
}

function isEmptyRange({ from, before, after, descending = false }: Query): boolean {
  const hasEnded = descending
    ? from !== undefined && after !== undefined && !isBelow(from, after)
    : before !== undefined && after !== undefined && !isBelow(after, before);
  return hasEnded || (from !== undefined && before !== undefined && !isBelow(from, before));
}

function rangeOf({ from, before }: { from?: string | undefined; before?: string | undefined }): {
  readonly condition: string;
  readonly bounds: Readonly<Record<string, { readonly S: string }>>;
} {
  if (from !== undefined && before !== undefined)
    return {
      condition: " AND sk BETWEEN :from AND :before",
      bounds: { ":from": { S: from }, ":before": { S: before } },
    };
  if (from !== undefined) return { condition: " AND sk >= :from", bounds: { ":from": { S: from } } };
  if (before !== undefined) return { condition: " AND sk < :before", bounds: { ":before": { S: before } } };
  return { condition: "", bounds: {} };
}

/** A start key outside of the condition is refused by DynamoDB; one below the range skips nothing and is left out. */
function startUpwards({ from, after }: Query): string | undefined {
  return from !== undefined && after !== undefined && isBelow(after, from) ? undefined : after;
}

function startDownwards({ before, after }: Query): string | undefined {
  return before !== undefined && (after === undefined || isBelow(before, after)) ? before : after;
}
