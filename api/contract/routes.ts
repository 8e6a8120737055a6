import { accessRoutes } from "./access-routes.ts";
import { calendarRoutes } from "./calendar-routes.ts";
import { fleetRoutes } from "./fleet-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { platformRoutes } from "./platform-routes.ts";
import type { Route } from "./route.ts";
import { runRoutes } from "./run-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { workflowRoutes } from "./workflow-routes.ts";

/** Every route of the API, by the name of its operation. */
export const ROUTES = {
  ...jobRoutes,
  ...runRoutes,
  ...workflowRoutes,
  ...calendarRoutes,
  ...fleetRoutes,
  ...accessRoutes,
  ...platformRoutes,
  ...serviceRoutes,
} satisfies Record<string, Route>;

export type Operation = keyof typeof ROUTES;
