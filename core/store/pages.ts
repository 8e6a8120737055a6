import type { Stored, Table } from "../ports/table.ts";

/** One partition, or the part of it whose sort keys begin with `prefix`. */
export interface Listing {
  readonly pk: string;
  readonly prefix: string;
}

const PAGE_SIZE = 500;

/** All items of a listing in key order, page by page. */
export async function* listAll(table: Table, listing: Listing): AsyncGenerator<Stored> {
  let after: string | undefined;
  do {
    const page = await listPage(table, listing, { limit: PAGE_SIZE, after });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** One page of a listing; `after` is a former page's `next`. */
export function listPage(
  table: Table,
  { pk, prefix }: Listing,
  { limit, after, descending }: { limit: number; after?: string | undefined; descending?: boolean },
) {
  return table.query({
    pk,
    ...(prefix === "" ? {} : { from: prefix, before: `${prefix}\u{10FFFF}` }),
    limit,
    ...(after === undefined ? {} : { after }),
    ...(descending === undefined ? {} : { descending }),
  });
}

/** Items of a partition with sort keys in [from, before), page by page. */
export async function* listRange(
  table: Table,
  range: { readonly pk: string; readonly from: string; readonly before: string; readonly descending?: boolean },
): AsyncGenerator<Stored> {
  let after: string | undefined;
  do {
    const page = await table.query({ ...range, limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
