import { z } from "zod";

export const MAX_PAGE_LIMIT = 1_000;
export const DEFAULT_PAGE_LIMIT = 100;

/** An instant in a response: RFC 3339 in UTC with milliseconds, `2026-03-08T07:30:00.000Z`. */
export const instantText = z.iso.datetime({ precision: 3 }).meta({ id: "Instant" });

/** Query parameters of every listing. */
export const pageQuery = {
  limit: z
    .int()
    .min(1)
    .max(MAX_PAGE_LIMIT)
    .default(DEFAULT_PAGE_LIMIT)
    .meta({ description: "Items of one page, at most; a page may hold fewer and still have a nextCursor" }),
  cursor: z.string().min(1).max(2_048).optional().meta({ description: "The nextCursor of the page before" }),
};

/** One page of a listing. `nextCursor` is present when there may be more, even when `items` is empty. */
export function pageSchemaOf<S extends z.ZodType>(id: string, item: S) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() }).meta({ id });
}

/** A remark of a person on a change. */
export const noteSchema = z.string().min(1).max(1_000);

/** A body that holds nothing: `{}`, or no body at all. */
export const noFields = z.strictObject({});

/** Ids that the server draws. */
export const idParam = z.string().regex(/^[0-9a-z-]{1,64}$/);
