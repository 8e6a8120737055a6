import { z } from "zod";
import { calendarSchema as calendarDefinitionSchema } from "../../core/schedule/definition.ts";
import { instantText, pageSchemaOf } from "./common.ts";

export { calendarDefinitionSchema };

/** A calendar at its newest edition. The edition is its ETag. */
export const calendarEditionSchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    edition: z.int().min(1),
    since: instantText,
    definition: calendarDefinitionSchema,
    /** In the answer to a change: the jobs that were moved to the new edition. */
    movedJobs: z.array(z.string()).optional(),
  })
  .meta({ id: "CalendarEdition" });
export type CalendarEdition = z.infer<typeof calendarEditionSchema>;

export const calendarPageSchema = pageSchemaOf("CalendarPage", calendarEditionSchema);
