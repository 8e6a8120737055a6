import { describe, expect, it } from "vitest";
import { synthesise } from "../support/aws/synthesise.ts";
import { templatesOf } from "../support/aws/template.ts";

const assembly = synthesise();
const resources = templatesOf(assembly)
  .resources()
  .filter(({ stack }) => stack === "carillon-stateful");

describe("the stateful stack", () => {
  it("keeps the logical ids of what holds data, since another id is another, empty resource", () => {
    const ids = resources.filter(({ deletionPolicy }) => deletionPolicy === "Retain").map(({ logicalId }) => logicalId);
    expect(ids).toEqual(["StateTable962DE04C", "RunLogsGroup1E63BACA", "ConsoleFilesBucketCBB8A566"]);
  });

  it("holds nothing that may be thrown away", () => {
    const others = resources.filter(({ deletionPolicy }) => deletionPolicy !== "Retain").map(({ type }) => type);
    expect(others).toEqual(["AWS::S3::BucketPolicy"]);
  });

  it("is protected against removal", () => {
    expect(assembly.getStackByName("carillon-stateful").terminationProtection).toBe(true);
    expect(assembly.getStackByName("carillon-stateless").terminationProtection ?? false).toBe(false);
  });

  it("has one table: on demand, encrypted, protected, and recoverable for 35 days", () => {
    const tables = resources.filter(({ type }) => type === "AWS::DynamoDB::GlobalTable");
    expect(tables).toHaveLength(1);
    expect(tables[0]?.properties).toMatchObject({
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      // With the key of DynamoDB, which is always on and free, and none that is billed.
      SSESpecification: { SSEEnabled: false },
      Replicas: [
        {
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
        },
      ],
    });
  });

  it("has no index and no expiry, on which the engine does not rely", () => {
    const [table] = resources.filter(({ type }) => type === "AWS::DynamoDB::GlobalTable");
    expect(table?.properties).not.toHaveProperty("GlobalSecondaryIndexes");
    expect(table?.properties).not.toHaveProperty("TimeToLiveSpecification");
  });

  it.each([true, false])(
    "exports the same whether there is a console or not, so that it can go again: %s",
    (enabled) => {
      const { Outputs } = synthesise({ console: { enabled } }).getStackByName("carillon-stateful").template as {
        Outputs: Record<string, unknown>;
      };
      const bucket = Object.keys(Outputs).filter((name) => name.includes("ConsoleFilesBucket"));
      expect(bucket).toEqual([
        expect.stringMatching(/RefConsoleFilesBucket/),
        expect.stringMatching(/ConsoleFilesBucket.*RegionalDomainName/),
      ]);
    },
  );

  it("forgets replaced files of the console after a month", () => {
    const [bucket] = resources.filter(({ type }) => type === "AWS::S3::Bucket");
    expect(bucket?.properties["LifecycleConfiguration"]).toEqual({
      Rules: [{ NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: "Enabled" }],
    });
  });

  it("shuts the bucket of the console to everybody but CloudFront, and to all that is not encrypted", () => {
    const [bucket] = resources.filter(({ type }) => type === "AWS::S3::Bucket");
    expect(bucket?.properties["PublicAccessBlockConfiguration"]).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    const [policy] = resources.filter(({ type }) => type === "AWS::S3::BucketPolicy");
    expect(policy?.properties["PolicyDocument"]).toMatchObject({
      Statement: [
        { Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } },
        { Effect: "Allow", Action: "s3:GetObject", Principal: { Service: "cloudfront.amazonaws.com" } },
      ],
    });
  });
});
