import { z } from "zod";
import { instantText, pageSchemaOf } from "./common.ts";

/** One accepted change. */
export const auditRecordSchema = z
  .object({
    at: instantText,
    /** Such as `job.define` or `run.cancel`. */
    action: z.string(),
    /** What was changed: the path of the thing below `/v1`. */
    subject: z.string(),
    /** Name of the token that it was made with. */
    by: z.string(),
    tokenId: z.string(),
    requestId: z.string(),
    ip: z.string().optional(),
  })
  .meta({ id: "AuditRecord" });
export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const auditPageSchema = pageSchemaOf("AuditPage", auditRecordSchema);
