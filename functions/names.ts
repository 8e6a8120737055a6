/** The Lambda functions, each in the folder of its name. */
export const FUNCTION_NAMES = ["api", "authorizer", "tick", "settle", "engine", "alerts", "admin"] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];
