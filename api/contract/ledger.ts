import { z } from "zod";
import { instantSchema } from "../../core/schedule/definition.ts";
import { instantText, pageQuery } from "./common.ts";
import { runSchema, SKIP_REASONS } from "./run.ts";

/** The sum of a job's slots in [from, to). `expected` = fired + skippedTotal + pending + unexplained. */
export const ledgerSummarySchema = z
  .object({
    from: instantText,
    to: instantText,
    expected: z.int(),
    fired: z.int(),
    /** By reason. */
    skipped: z.record(z.string(), z.int()),
    skippedTotal: z.int(),
    pending: z.int(),
    unexplained: z.int(),
    /** The first 100. */
    unexplainedSlots: z.array(instantText),
    /** Attempts of the runs that fired. */
    attempts: z.int(),
    /** Runs that fired, by status. */
    outcomes: z.record(z.string(), z.int()),
    /** From due to the start of the first attempt; absent when nothing fired. */
    lateness: z.object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() }).optional(),
  })
  .meta({ id: "LedgerSummary" });
export type LedgerSummary = z.infer<typeof ledgerSummarySchema>;

/** One row for a stretch of slots that did not fire: every slot from `from` to `to`, both included, without a row of its own. */
export const gapSchema = z
  .object({
    from: instantText,
    to: instantText,
    reason: z.enum(SKIP_REASONS),
    version: z.int(),
    detail: z.string().optional(),
  })
  .meta({ id: "Gap" });

export const ledgerRowSchema = z
  .union([z.object({ run: runSchema }), z.object({ gap: gapSchema })])
  .meta({ id: "LedgerRow" });
export type LedgerRow = z.infer<typeof ledgerRowSchema>;

export const ledgerPageSchema = z
  .object({ items: z.array(ledgerRowSchema), nextCursor: z.string().optional() })
  .meta({ id: "LedgerPage" });
export type LedgerPage = z.infer<typeof ledgerPageSchema>;

export const ledgerQuery = z.strictObject({
  from: instantSchema.optional().meta({ description: "Default: a day before `to`" }),
  to: instantSchema.optional().meta({ description: "Exclusive. Default: now" }),
  rows: z.boolean().default(false).meta({ description: "The rows, newest first, in place of their sum" }),
  ...pageQuery,
});
