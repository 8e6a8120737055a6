import type { EnvironmentOf } from "../shared/read-environment.ts";
import { WEBHOOKS } from "../shared/variables.ts";

export const alertsVariables = { webhooks: WEBHOOKS };
export type AlertsEnvironment = EnvironmentOf<typeof alertsVariables>;
