import { z } from "zod";

export const aliveSchema = z.object({ status: z.literal("ok") }).meta({ id: "Alive" });

export const readinessSchema = z
  .object({
    status: z.enum(["ready", "notReady"]),
    scheduler: z.object({
      /** Shards that this process schedules. */
      shards: z.int(),
      /** Since the last round that went well; absent before the first. */
      lastRoundAgeMs: z.number().optional(),
    }),
    store: z.enum(["ok", "failing"]),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof readinessSchema>;
