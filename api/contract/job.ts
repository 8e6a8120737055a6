import { z } from "zod";
import { jobDefinitionSchema } from "../../core/job/definition.ts";
import { instantText, noteSchema, pageSchemaOf, pageQuery } from "./common.ts";

export const JOB_STATES = ["active", "paused", "deleted"] as const;

export const warningSchema = z
  .object({ code: z.string(), detail: z.string() })
  .meta({ id: "Warning", description: "Something that is allowed and may not be meant" });

/** A job at one version. Its version is its ETag. */
export const jobSchema = z
  .object({
    namespace: z.string(),
    name: z.string(),
    version: z.int().min(1),
    state: z.enum(JOB_STATES),
    definition: jobDefinitionSchema,
    /** When the job was first defined, or defined again after a deletion. */
    createdAt: instantText,
    /** Since when this version governs. */
    since: instantText,
    note: z.string().optional(),
    by: z.string().optional(),
    /** The next slot that fires; absent for a job that is not active or has none to come. */
    nextSlotAt: instantText.optional(),
    /** In answers to a change of the definition. */
    warnings: z.array(warningSchema).optional(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof jobSchema>;

export const jobPageSchema = pageSchemaOf("JobPage", jobSchema);
export type JobPage = z.infer<typeof jobPageSchema>;

export const jobListQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(JOB_STATES).optional().meta({ description: "Default: all but deleted ones" }),
  label: z
    .string()
    .regex(/^[^=]{1,256}=.{1,256}$/, { error: "must be a label as key=value" })
    .optional(),
});

export const pauseRequestSchema = z.strictObject({ note: noteSchema.optional() }).meta({ id: "PauseRequest" });
export type PauseRequest = z.infer<typeof pauseRequestSchema>;

export const resumeRequestSchema = z
  .strictObject({
    missed: z.enum(["now", "last", "all"]).meta({
      description: "Which slots of the pause run: none (`now`), the `last` one, or `all` up to misfire.limit",
    }),
    note: noteSchema.optional(),
  })
  .meta({ id: "ResumeRequest" });
export type ResumeRequest = z.infer<typeof resumeRequestSchema>;

/** The job after a request to pause or resume it; `changed` is false when it was so already. */
export const jobChangeSchema = jobSchema.extend({ changed: z.boolean() }).meta({ id: "JobChange" });
export type JobChange = z.infer<typeof jobChangeSchema>;
