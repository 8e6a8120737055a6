import type { EnvironmentOf } from "../shared/read-environment.ts";
import { TABLE } from "../shared/variables.ts";

export const adminVariables = { table: TABLE };
export type AdminEnvironment = EnvironmentOf<typeof adminVariables>;
