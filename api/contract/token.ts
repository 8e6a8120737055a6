import { z } from "zod";
import { durationSchema } from "../../core/job/duration.ts";
import { nameSchema, namespaceSchema } from "../../core/job/name.ts";
import { instantText, pageSchemaOf } from "./common.ts";
import { roleSchema } from "./role.ts";

export const tokenRequestSchema = z
  .strictObject({
    name: nameSchema.meta({ description: "Whose it is; changes made with it bear this name" }),
    role: roleSchema,
    namespaces: z.array(namespaceSchema).min(1).max(100).optional().meta({ description: "Default: all" }),
    expiresIn: durationSchema("1m", "3650d").optional().meta({ description: "Default: it does not expire" }),
  })
  .meta({ id: "TokenRequest" });
export type TokenRequest = z.infer<typeof tokenRequestSchema>;

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: roleSchema,
    /** Absent: all. */
    namespaces: z.array(z.string()).optional(),
    createdAt: instantText,
    expiresAt: instantText.optional(),
  })
  .meta({ id: "Token" });
export type Token = z.infer<typeof tokenSchema>;

/** The only answer that ever holds the token itself. */
export const newTokenSchema = tokenSchema.extend({ token: z.string() }).meta({ id: "NewToken" });
export type NewToken = z.infer<typeof newTokenSchema>;

export const tokenPageSchema = pageSchemaOf("TokenPage", tokenSchema);
