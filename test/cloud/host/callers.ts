import type { Caller } from "./aws-front.ts";
import type { Deployment } from "./deployment.ts";

/** The test itself, which may do everything. */
export const TEST_ACCESS_KEY = "TEST";

/** Everyone who may sign requests, by access key: each function, and each family of tasks, with its role. */
export function callersOf(deployment: Deployment): ReadonlyMap<string, Caller> {
  const functions = deployment.all("AWS::Lambda::Function").map(({ name, properties }) => {
    return [accessKeyOf(name), { name, roleArn: String(properties["Role"]) }] as const;
  });
  const families = deployment.all("AWS::ECS::TaskDefinition").map(({ name, properties }) => {
    return [accessKeyOf(name), { name, roleArn: String(properties["TaskRoleArn"]) }] as const;
  });
  return new Map<string, Caller>([[TEST_ACCESS_KEY, { name: "test" }], ...functions, ...families]);
}

/** An access key that names its owner; those of AWS have 20 letters and digits, which nobody checks. */
export function accessKeyOf(name: string): string {
  return `KEY-${name}`;
}
