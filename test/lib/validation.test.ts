import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configuration as example } from "../../carillon.config.ts";
import { synthesise } from "../support/aws/synthesise.ts";

const EVERYTHING = {
  scheduler: { groups: 2 },
  console: { enabled: true },
  alarms: {
    email: "ana@example.com",
    smsNumbers: ["+441632960001"],
    webhooks: [{ url: "https://example.com/hook", secretParameter: "/carillon/secret" }],
  },
  budget: { monthlyUsd: 20, email: "ana@example.com" },
  tracing: true,
  lambdaFunctions: ["reports-*"],
  containerRoles: ["arn:aws:iam::123456789012:role/etl"],
  workerImage: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/worker:7",
  network: { vpcId: "vpc-0123456789abcdef0", subnetIds: ["subnet-0123456789abcdef0"], assignPublicIp: false },
  account: "123456789012",
  region: "eu-west-1",
};

/** Whatever the rules of CloudFormation, of AWS Solutions and of CDK itself have found, warnings included. */
function findings(configuration: Parameters<typeof synthesise>[0]): unknown {
  const { directory } = synthesise(configuration, { validate: true });
  const report = JSON.parse(readFileSync(join(directory, "validation-report.json"), "utf8")) as {
    pluginReports: readonly { violations: readonly unknown[] }[];
  };
  return report.pluginReports.flatMap(({ violations }) => violations);
}

describe("the rules of CloudFormation and of AWS Solutions", () => {
  it("find nothing in the example, with the image that is built from this repository", () => {
    expect(findings({ workerImage: undefined, ...example })).toEqual([]);
  });

  it("find nothing with everything switched on, in a network that exists", () => {
    expect(findings(EVERYTHING)).toEqual([]);
  });
});
