import { z } from "zod";
import { nameSchema, namespaceSchema } from "../../core/job/name.ts";
import { instantSchema, scheduleSchema } from "../../core/schedule/definition.ts";
import { instantText } from "./common.ts";
import { warningSchema } from "./job.ts";

export const DEFAULT_PREVIEW_COUNT = 10;

export const previewRequestSchema = z
  .strictObject({
    schedule: scheduleSchema,
    from: instantSchema.optional().meta({ description: "The first instant shown. Default: now" }),
    count: z.int().min(1).optional().meta({ description: "At most 1,000. Default: 10" }),
    namespace: namespaceSchema.optional().meta({ description: "Where the calendars are, and the job" }),
    job: nameSchema.optional().meta({ description: "An existing job: its jitter and its anchor are taken" }),
  })
  .meta({ id: "PreviewRequest" });
export type PreviewRequest = z.infer<typeof previewRequestSchema>;

const offsetReason = z.enum(["dst-gap", "dst-repeat"]);

export const previewSchema = z
  .object({
    slots: z.array(
      z.object({
        at: instantText,
        /** When its run may start; present when the schedule has jitter. */
        dueAt: instantText.optional(),
        /** In the schedule's zone, with offset. */
        local: z.string(),
        note: offsetReason.optional(),
      }),
    ),
    /** What does not fire on the way to the last slot shown, at most 1,000. */
    leftOut: z.array(
      z.object({
        at: instantText.optional(),
        local: z.string(),
        reason: z.enum(["calendar", ...offsetReason.options]),
        detail: z.string(),
      }),
    ),
    warnings: z.array(warningSchema),
    /** No slot fires after those shown. */
    ended: z.boolean(),
  })
  .meta({ id: "Preview" });
export type Preview = z.infer<typeof previewSchema>;
