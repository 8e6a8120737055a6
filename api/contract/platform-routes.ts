import { z } from "zod";
import { instantText, noFields, noteSchema } from "./common.ts";
import { routes } from "./route.ts";

export const platformSchema = z
  .object({
    dispatching: z
      .boolean()
      .meta({ description: "Whether slots are dispatched; `false` while the platform is paused" }),
    pausedAt: instantText.optional(),
    pausedBy: z.string().optional(),
    note: z.string().optional(),
  })
  .meta({ id: "Platform" });
export type Platform = z.infer<typeof platformSchema>;

export const platformRoutes = routes({
  getPlatform: {
    method: "get",
    path: "/v1/platform",
    summary: "Tell whether the platform dispatches",
    role: "viewer",
    scope: "platform",
    responses: { 200: { description: "How it is", schema: platformSchema } },
  },
  pausePlatform: {
    method: "post",
    path: "/v1/platform/pause",
    summary: "Dispatch no more slots, of any job; what is on its way to workers, and what is triggered, runs",
    role: "admin",
    scope: "platform",
    body: z.strictObject({ note: noteSchema.optional() }),
    isBodyOptional: true,
    responses: { 200: { description: "How it is now", schema: platformSchema } },
    action: "platform.pause",
  },
  resumePlatform: {
    method: "post",
    path: "/v1/platform/resume",
    summary: "Dispatch again; the slots that were missed follow the misfire policy of their jobs",
    role: "admin",
    scope: "platform",
    body: noFields,
    isBodyOptional: true,
    responses: { 200: { description: "How it is now", schema: platformSchema } },
    action: "platform.resume",
  },
});
