import type { EnvironmentOf } from "../shared/read-environment.ts";
import { TABLE } from "../shared/variables.ts";

export const authorizerVariables = { table: TABLE };
export type AuthorizerEnvironment = EnvironmentOf<typeof authorizerVariables>;
