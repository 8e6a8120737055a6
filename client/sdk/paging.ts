import type { Query } from "./route.ts";
import type { Transport } from "./transport.ts";

/** One page of a listing; `nextCursor` is absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}

export interface PageOptions {
  /** Items of one page, 1 to 1,000. */
  readonly limit?: number;
  /** Where to go on: `nextCursor` of a page. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

/** The items of all pages of a listing, in its order; a page is asked for when the one before has been used up. */
export async function* listAll<T>(
  transport: Transport,
  path: string,
  { limit, cursor: start, signal }: PageOptions,
  filter: Query = {},
): AsyncGenerator<T> {
  let cursor = start;
  do {
    const page: Page<T> = await transport.json("GET", path, { query: { ...filter, limit, cursor }, signal });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
