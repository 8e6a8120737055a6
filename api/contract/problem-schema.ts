import { z } from "zod";

/** RFC 9457, with all faults of the input in `errors`. */
export const problemSchema = z
  .object({
    type: z.string().meta({ examples: ["urn:carillon:problem:unknown-field"] }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional().meta({ description: "Id of the request" }),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({ description: "JSON Pointer into the body; of a query or a path, /<name>" }),
          code: z.string(),
          detail: z.string(),
          allowed: z.json().optional(),
          position: z
            .int()
            .optional()
            .meta({ description: "Index of the character at fault in a text with a grammar" }),
        }),
      )
      .optional(),
  })
  .meta({ id: "Problem" });
