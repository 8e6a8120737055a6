import type { ROUTES } from "../contract/routes.ts";
import { accessHandlers } from "./access.ts";
import { calendarHandlers } from "./calendars.ts";
import { fleetHandlers } from "./fleet.ts";
import type { HandlersOf } from "./handler.ts";
import { jobHandlers } from "./jobs.ts";
import { platformHandlers } from "./platform.ts";
import { runHandlers } from "./runs.ts";
import { serviceHandlers } from "./service.ts";
import { workflowHandlers } from "./workflows.ts";

/** What is done for each route. */
export const HANDLERS: HandlersOf<typeof ROUTES> = {
  ...jobHandlers,
  ...runHandlers,
  ...workflowHandlers,
  ...calendarHandlers,
  ...fleetHandlers,
  ...accessHandlers,
  ...platformHandlers,
  ...serviceHandlers,
};
