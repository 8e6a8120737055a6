import { z } from "zod";
import { instantText, pageQuery } from "./common.ts";
import { RUN_STATUSES } from "./run.ts";

export const logEntrySchema = z
  .object({
    at: instantText,
    /** `system` lines are Carillon's own. */
    source: z.enum(["stdout", "stderr", "system"]),
    /** One line without its line feed. */
    text: z.string(),
  })
  .meta({ id: "LogEntry" });
export type LogEntry = z.infer<typeof logEntrySchema>;

export const logPageSchema = z
  .object({
    attempt: z.int().min(0),
    entries: z.array(logEntrySchema),
    /** Goes on from here, also for lines not yet written. */
    nextCursor: z.string(),
    /** Nothing will ever come after these. */
    closed: z.boolean(),
  })
  .meta({ id: "LogPage" });
export type LogPage = z.infer<typeof logPageSchema>;

export const logQuery = z.strictObject({
  ...pageQuery,
  attempt: z.int().min(1).optional().meta({ description: "Default: the last; a cursor brings its own" }),
  follow: z.boolean().optional().meta({ description: "Server-sent events until the run has ended" }),
});

/** The events of a followed log: each is the JSON text in the `data` of a server-sent event named by its kind. */
export const logEventSchemas = {
  attempt: z.object({ attempt: z.int().min(1) }),
  entry: logEntrySchema.extend({ attempt: z.int().min(1) }),
  /** The last one: the run has ended. */
  end: z.object({ status: z.enum(RUN_STATUSES) }),
};
export type LogEvent =
  | { readonly event: "attempt"; readonly data: z.infer<typeof logEventSchemas.attempt> }
  | { readonly event: "entry"; readonly data: z.infer<typeof logEventSchemas.entry> }
  | { readonly event: "end"; readonly data: z.infer<typeof logEventSchemas.end> };
