import type { Stored, Table } from "../../core/ports/table.ts";
import { type Listing, listPage } from "../../core/store/pages.ts";
import { decodeCursor, encodeCursor } from "./page-cursor.ts";

/** The paging part of a query. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface PageOf<T> {
  readonly items: T[];
  readonly nextCursor?: string;
}

export interface PageOptions<T> {
  readonly descending?: boolean;
  /** Turns a stored item into one of the page; `undefined` leaves it out. */
  readonly present: (stored: Stored) => Promise<T | undefined> | T | undefined;
}

/** Items read for one page, at most: a filter that few items pass gives short pages, not long requests. */
const MAX_READ = 5_000;

/**
 * Characters of JSON of one page, about: a function on AWS may answer with 6 MB, and a character takes 3 bytes of that at
 * most. Runs with large results give short pages.
 */
const MAX_LENGTH = 1_000_000;

/** One page of a listing in key order. It may hold fewer items than `limit` and still have a `nextCursor`. */
export async function pageOf<T>(
  table: Table,
  listing: Listing,
  { limit, cursor }: PageQuery,
  { descending = false, present }: PageOptions<T>,
): Promise<PageOf<T>> {
  const name = `${listing.pk}|${listing.prefix}`;
  const items: T[] = [];
  let after = cursor === undefined ? undefined : decodeCursor(name, cursor);
  let length = 0;
  for (let read = 0; read < MAX_READ;) {
    const wanted = limit - items.length;
    const page = await listPage(table, listing, { limit: wanted, after, descending });
    for (const stored of page.items) {
      const item = await present(stored);
      if (item === undefined) continue;
      items.push(item);
      length += JSON.stringify(item).length;
      if (length >= MAX_LENGTH) return { items, nextCursor: encodeCursor(name, stored.key.sk) };
    }
    after = page.next;
    read += wanted;
    if (after === undefined || items.length === limit) break;
  }
  return { items, ...(after === undefined ? {} : { nextCursor: encodeCursor(name, after) }) };
}
