import { describe, expect, it } from "vitest";
import { A_POOL, synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const STACK = "carillon-stateless";
/** Of one stack. @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_RESOURCES = 500;
/** Of all inline policies of a role, without blanks. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_POLICY_LENGTH = 10_240;

describe("the stateless stack", () => {
  it("tells where everything is that people need", () => {
    expect(templatesOf(synthesise()).outputs(STACK)).toMatchInlineSnapshot(`
      {
        "AdminFunction": "carillon-stateless-AdminFunction6887E710",
        "ApiUrl": "https://carillon-stateless-HttpApi4E1D4184.execute-api.eu-west-1.amazonaws.com",
        "ClusterName": "carillon-stateless-FleetClusterE89F8D7D",
        "DashboardName": "carillon",
        "RunLogGroup": "carillon-stateful-RunLogsGroup1E63BACA",
        "TableName": "carillon-stateful-StateTable962DE04C",
        "TickFunction": "carillon-stateless-TickerFunctionC61AD7EF",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:carillon-stateless-AlarmsTopic3A2DFEBA",
      }
    `);
  });

  it("tells where the console is when there is one, with the API under the same address", () => {
    const templates = templatesOf(synthesise({ console: { enabled: true } }));
    expect(templates.outputs(STACK)).toMatchObject({
      ConsoleUrl: expect.stringMatching(/^https:\/\//),
      ConsoleBucket: expect.any(String),
    });
    const [distribution] = templates.resources("AWS::CloudFront::Distribution");
    expect(distribution?.properties["DistributionConfig"]).toMatchObject({
      DefaultRootObject: "index.html",
      CacheBehaviors: [{ PathPattern: "/v1/*", ViewerProtocolPolicy: "https-only" }],
    });
  });

  it("has all of these resources and no others", () => {
    const counts: Record<string, number> = {};
    for (const { stack, type } of templatesOf(synthesise()).resources()) {
      if (stack === STACK) counts[type] = (counts[type] ?? 0) + 1;
    }
    expect(counts).toMatchInlineSnapshot(`
      {
        "AWS::ApiGatewayV2::Api": 1,
        "AWS::ApiGatewayV2::Authorizer": 1,
        "AWS::ApiGatewayV2::Integration": 1,
        "AWS::ApiGatewayV2::Route": 4,
        "AWS::ApiGatewayV2::Stage": 1,
        "AWS::CloudWatch::Alarm": 15,
        "AWS::CloudWatch::Dashboard": 1,
        "AWS::EC2::InternetGateway": 1,
        "AWS::EC2::Route": 2,
        "AWS::EC2::RouteTable": 2,
        "AWS::EC2::SecurityGroup": 1,
        "AWS::EC2::Subnet": 2,
        "AWS::EC2::SubnetRouteTableAssociation": 2,
        "AWS::EC2::VPC": 1,
        "AWS::EC2::VPCEndpoint": 2,
        "AWS::EC2::VPCGatewayAttachment": 1,
        "AWS::ECS::Cluster": 1,
        "AWS::ECS::ClusterCapacityProviderAssociations": 1,
        "AWS::ECS::Service": 1,
        "AWS::ECS::TaskDefinition": 1,
        "AWS::IAM::Policy": 11,
        "AWS::IAM::Role": 11,
        "AWS::Lambda::EventInvokeConfig": 2,
        "AWS::Lambda::EventSourceMapping": 1,
        "AWS::Lambda::Function": 6,
        "AWS::Lambda::Permission": 5,
        "AWS::Logs::LogGroup": 9,
        "AWS::SNS::Topic": 1,
        "AWS::SNS::TopicPolicy": 1,
        "AWS::SQS::Queue": 11,
        "AWS::SQS::QueuePolicy": 11,
        "AWS::Scheduler::Schedule": 3,
        "AWS::Scheduler::ScheduleGroup": 1,
      }
    `);
  });

  it("tags everything with its installation, and with what the configuration says", () => {
    const templates = templatesOf(synthesise({ installation: "acme-jobs", tags: { team: "data" } }));
    const [queue] = templates.resources("AWS::SQS::Queue");
    expect(queue?.properties["Tags"]).toEqual(
      expect.arrayContaining([
        { Key: "carillon:installation", Value: "acme-jobs" },
        { Key: "team", Value: "data" },
      ]),
    );
  });

  it("begins the names of a second installation with its own", () => {
    const { queues, schedules, services } = readTemplates(
      synthesise({ installation: "acme-jobs", pools: { etl: A_POOL } }),
    );
    const names = [...schedules, ...services].map(({ name }) => name);
    for (const name of names) expect(name).toMatch(/^acme-jobs-/);
    expect(queues.map(({ name }) => name)).toContain("acme-jobs-etl-bulk-dead");
  });

  it("has room for as many pools as the configuration allows, with the longest names", () => {
    const pools = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`${index}`.repeat(40), A_POOL]));
    const most = { installation: "a".repeat(20), pools, scheduler: { groups: 16 }, knobs: { shards: 16 } };
    const resources = templatesOf(synthesise(most)).resources();
    expect(resources.length).toBeLessThan(MAX_RESOURCES);
    const policies = resources.filter(({ type }) => type === "AWS::IAM::Policy");
    for (const { properties } of policies) {
      expect(JSON.stringify(properties["PolicyDocument"]).length).toBeLessThan(MAX_POLICY_LENGTH);
    }
  });

  it("watches what it costs when it is asked to", () => {
    const templates = templatesOf(
      synthesise({ budget: { monthlyUsd: 20, email: "ana@example.com", scope: "installation" } }),
    );
    const [budget] = templates.resources("AWS::Budgets::Budget");
    expect(budget?.properties["Budget"]).toMatchObject({
      BudgetLimit: { Amount: 20, Unit: "USD" },
      CostFilters: { TagKeyValue: ["user:carillon:installation$carillon"] },
    });
  });
});
