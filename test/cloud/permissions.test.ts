import { beforeAll, describe, expect, it } from "vitest";
import { synthesiseOnce } from "./host/assembly.ts";
import { Deployment } from "./host/deployment.ts";
import { Permissions } from "./host/permissions.ts";

const POOLS = { default: { cpu: 256, memoryMb: 512 } };

describe("Permissions", () => {
  let deployment: Deployment;
  let permissions: Permissions;

  beforeAll(async () => {
    deployment = Deployment.read(await synthesiseOnce({ pools: POOLS }));
    permissions = new Permissions(deployment);
  });

  function roleOf(name: string): string {
    const functions = deployment.all("AWS::Lambda::Function").map(({ properties }) => properties);
    const found = functions.find(
      ({ Environment }) =>
        (Environment as { Variables?: Record<string, string> } | undefined)?.Variables?.["POWERTOOLS_SERVICE_NAME"] ===
        name,
    );
    return String(found?.["Role"]);
  }

  it("allow what a statement of the role names, on its resources alone", () => {
    const [table] = deployment.all("AWS::DynamoDB::GlobalTable");
    const resource = table?.arn ?? "";

    expect(permissions.allows(roleOf("tick"), { action: "dynamodb:UpdateItem", resource })).toBe(true);
    expect(permissions.allows(roleOf("tick"), { action: "dynamodb:UpdateItem", resource: `${resource}x` })).toBe(false);
    expect(permissions.allows(roleOf("tick"), { action: "dynamodb:DeleteTable", resource })).toBe(false);
  });

  it("weigh conditions", () => {
    const [table] = deployment.all("AWS::DynamoDB::GlobalTable");
    const ask = (partition: string) => ({
      action: "dynamodb:GetItem",
      resource: table?.arn ?? "",
      context: { "dynamodb:LeadingKeys": [partition] },
    });

    expect(permissions.allows(roleOf("authorizer"), ask("tokens"))).toBe(true);
    expect(permissions.allows(roleOf("authorizer"), ask("ns#default"))).toBe(false);
  });

  it("allow nothing to a role that is not known", () => {
    expect(
      permissions.allows("arn:aws:iam::000000000000:role/other", { action: "sqs:SendMessage", resource: "*" }),
    ).toBe(false);
  });
});
