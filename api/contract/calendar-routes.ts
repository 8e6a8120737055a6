import { z } from "zod";
import { calendarDefinitionSchema, calendarEditionSchema, calendarPageSchema } from "./calendar.ts";
import { pageQuery } from "./common.ts";
import { SCHEDULE_PROBLEMS } from "./definition-problems.ts";
import { calendarParams, namespaceParams } from "./params.ts";
import { previewRequestSchema, previewSchema } from "./preview.ts";
import { routes } from "./route.ts";

const CALENDARS = "/v1/namespaces/:namespace/calendars";

export const calendarRoutes = routes({
  listCalendars: {
    method: "get",
    path: CALENDARS,
    summary: "List calendars by name",
    role: "viewer",
    scope: "namespace",
    params: namespaceParams,
    query: z.strictObject(pageQuery),
    responses: { 200: { description: "A page of calendars", schema: calendarPageSchema } },
    problems: ["cursor-invalid"],
  },
  putCalendar: {
    method: "put",
    path: `${CALENDARS}/:calendar`,
    summary: "Publish an edition of a calendar and move the jobs that use it",
    role: "editor",
    scope: "namespace",
    params: calendarParams,
    body: calendarDefinitionSchema,
    responses: {
      200: { description: "The calendar, changed or as it was", schema: calendarEditionSchema, headers: ["ETag"] },
      201: { description: "The calendar, created", schema: calendarEditionSchema, headers: ["ETag", "Location"] },
    },
    problems: ["version-conflict", "precondition-required", "name-invalid", "calendar-range-reversed", "date-invalid"],
    action: "calendar.publish",
    conditions: ["if-match", "if-none-match"],
  },
  getCalendar: {
    method: "get",
    path: `${CALENDARS}/:calendar`,
    summary: "Get a calendar",
    role: "viewer",
    scope: "namespace",
    params: calendarParams,
    responses: {
      200: { description: "The calendar", schema: calendarEditionSchema, headers: ["ETag"] },
      304: { description: "Still the edition that If-None-Match names" },
    },
    conditions: ["if-none-match"],
  },
  previewSchedule: {
    method: "post",
    path: "/v1/preview",
    summary: "Tell when a schedule fires",
    role: "viewer",
    scope: "token",
    body: previewRequestSchema,
    responses: { 200: { description: "Slots, in time order", schema: previewSchema } },
    problems: ["limit-too-large", "not-found", ...SCHEDULE_PROBLEMS],
  },
});
