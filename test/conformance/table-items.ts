import type { Key, Query, Stored, Table } from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";

/** More pages than any query of the suites has. */
export const MAX_PAGES = 1_000;

/** A key that no other test uses. */
export function aKey(): Key {
  return { pk: uniqueName(), sk: "item" };
}

/** All pages; a page may be empty and still have a next one. */
export async function queryAll(table: Table, query: Query): Promise<Stored[]> {
  const items: Stored[] = [];
  let page = await table.query(query);
  items.push(...page.items);
  for (let count = 1; page.next !== undefined && count < MAX_PAGES; count++) {
    page = await table.query({ ...query, after: page.next });
    items.push(...page.items);
  }
  return items;
}

/** The order of the Table port. */
export function byUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
