import { describe, expect, it } from "vitest";
import type { Properties, Resource } from "../support/aws/cloudformation.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { templatesOf } from "../support/aws/template.ts";

/** Types of resources that are billed by the hour or the month, whether or not anything happens. */
const BILLED_BY_THE_HOUR = [
  /^AWS::EC2::(NatGateway|EIP|Instance|TransitGateway.*|VPNConnection|ClientVpnEndpoint|Host|CapacityReservation|Volume)$/,
  /^AWS::ElasticLoadBalancing/,
  /^AWS::AutoScaling::/,
  /^AWS::(RDS|DocDB|Neptune|Redshift|ElastiCache|MemoryDB|DAX|MSK|AmazonMQ|OpenSearchService|EKS|MWAA|Kinesis|FSx|EFS)::/,
  /^AWS::KMS::Key$/,
  /^AWS::SecretsManager::Secret$/,
  /^AWS::WAFv2::/,
  /^AWS::NetworkFirewall::/,
  /^AWS::Route53::HostedZone$/,
  /^AWS::ApiGatewayV2::VpcLink$/,
  /^AWS::Lambda::CapacityProvider$/,
];

/** What is billed by the hour only with certain properties; each tells why, or nothing when it is not. */
const BILLED_WHEN: Readonly<Record<string, (properties: Properties) => string | undefined>> = {
  "AWS::EC2::VPCEndpoint": ({ VpcEndpointType }) =>
    VpcEndpointType === "Gateway" ? undefined : "an interface endpoint",
  "AWS::DynamoDB::Table": ({ BillingMode }) => (BillingMode === "PAY_PER_REQUEST" ? undefined : "provisioned capacity"),
  "AWS::DynamoDB::GlobalTable": ({ BillingMode, WarmThroughput, Replicas }) =>
    BillingMode === "PAY_PER_REQUEST" && WarmThroughput === undefined && (Replicas as unknown[]).length === 1
      ? undefined
      : "provisioned capacity, warm throughput or another region",
  // Without a number in the template, it is the engine that sizes the service, down to none.
  "AWS::ECS::Service": ({ DesiredCount = 0 }) => (Number(DesiredCount) > 0 ? "tasks that always run" : undefined),
  "AWS::ECS::Cluster": ({ ClusterSettings }) =>
    (ClusterSettings as readonly { Value: string }[]).some(({ Value }) => Value !== "disabled")
      ? "Container Insights"
      : undefined,
  "AWS::Lambda::Function": ({ SnapStart }) => (SnapStart === undefined ? undefined : "a snapshot"),
  "AWS::Lambda::Alias": ({ ProvisionedConcurrencyConfig }) =>
    ProvisionedConcurrencyConfig === undefined ? undefined : "provisioned concurrency",
  "AWS::Lambda::Version": ({ ProvisionedConcurrencyConfig }) =>
    ProvisionedConcurrencyConfig === undefined ? undefined : "provisioned concurrency",
  // Its requests to the queue are itemised in the docs.
  "AWS::Lambda::EventSourceMapping": ({ ProvisionedPollerConfig }) =>
    ProvisionedPollerConfig === undefined ? undefined : "provisioned pollers",
  "AWS::SSM::Parameter": ({ Tier }) => (Tier === "Advanced" ? "an advanced parameter" : undefined),
  "AWS::SQS::Queue": ({ KmsMasterKeyId }) => (KmsMasterKeyId === undefined ? undefined : "a key"),
  "AWS::CloudFront::Distribution": ({ DistributionConfig }) =>
    (DistributionConfig as Properties)["ViewerCertificate"] === undefined ? undefined : "a certificate of one's own",
};

/** The only things with a price by the month, which the goal for idle installations leaves out and the docs itemise. */
const ITEMISED = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"];

function bills(resources: readonly Resource[]): readonly string[] {
  return resources.flatMap(({ logicalId, type, properties }) => {
    const isBilled = BILLED_BY_THE_HOUR.some((pattern) => pattern.test(type));
    const why = isBilled ? type : BILLED_WHEN[type]?.(properties);
    return why === undefined ? [] : [`${logicalId}: ${why}`];
  });
}

describe("an idle installation", () => {
  it.each([
    ["as it comes", {}],
    [
      "with console, webhooks and a budget",
      {
        console: { enabled: true },
        alarms: { webhooks: [{ url: "https://example.com/hook" }] },
        budget: { monthlyUsd: 20, email: "ana@example.com" },
      },
    ],
  ])("has nothing that is billed by the hour, %s", (_, configuration) => {
    expect(bills(templatesOf(synthesise(configuration)).resources())).toEqual([]);
  });

  it("has 15 alarms over 30 metrics, and a dashboard, which are billed by the month", () => {
    const resources = templatesOf(synthesise()).resources();
    const counts = ITEMISED.map((type) => resources.filter((resource) => resource.type === type).length);
    const metrics = resources
      .filter(({ type }) => type === "AWS::CloudWatch::Alarm")
      .flatMap(
        ({ properties }) => (properties["Metrics"] as { MetricStat?: object }[] | undefined) ?? [{ MetricStat: {} }],
      )
      .filter(({ MetricStat }) => MetricStat !== undefined);
    expect([...counts, metrics.length]).toEqual([15, 1, 30]);
  });

  it("keeps no log for ever", () => {
    const groups = templatesOf(synthesise()).resources("AWS::Logs::LogGroup");
    expect(groups.length).toBeGreaterThan(5);
    for (const { properties } of groups) expect(properties["RetentionInDays"]).toBe(30);
  });

  it("is recognised when it is none: each kind of hourly bill is found", () => {
    const found = bills([
      aResource("AWS::EC2::NatGateway"),
      aResource("AWS::ElasticLoadBalancingV2::LoadBalancer"),
      aResource("AWS::KMS::Key"),
      aResource("AWS::EC2::VPCEndpoint", { VpcEndpointType: "Interface" }),
      aResource("AWS::DynamoDB::GlobalTable", { BillingMode: "PROVISIONED", Replicas: [{}] }),
      aResource("AWS::ECS::Service", { DesiredCount: 1 }),
      aResource("AWS::Lambda::EventSourceMapping", { ProvisionedPollerConfig: { MinimumPollers: 2 } }),
    ]);
    expect(found).toHaveLength(7);
  });
});

function aResource(type: string, properties: Properties = {}): Resource {
  return { stack: "a-stack", logicalId: "AResource", type, properties, deletionPolicy: undefined, dependsOn: [] };
}
