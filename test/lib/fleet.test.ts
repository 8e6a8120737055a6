import { describe, expect, it } from "vitest";
import type { Properties } from "../support/aws/cloudformation.ts";
import { A_POOL, AN_IMAGE, synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const EXISTING = {
  vpcId: "vpc-0123456789abcdef0",
  subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"],
  assignPublicIp: false,
};

function only(type: string, configuration: Parameters<typeof synthesise>[0] = {}): Properties {
  const found = templatesOf(synthesise(configuration)).resources(type);
  expect(found).toHaveLength(1);
  return found[0]?.properties ?? {};
}

function containerOf(configuration: Parameters<typeof synthesise>[0] = {}): Properties {
  return (only("AWS::ECS::TaskDefinition", configuration)["ContainerDefinitions"] as Properties[])[0] ?? {};
}

describe("the fleet", () => {
  it("has a service for each pool, named as the engine derives it, whose size a deployment leaves alone", () => {
    const { services } = readTemplates(synthesise({ pools: { default: A_POOL, big: { ...A_POOL, minTasks: 2 } } }));
    expect(services.map(({ name, desiredCount }) => ({ name, desiredCount }))).toEqual([
      { name: "carillon-default", desiredCount: undefined },
      { name: "carillon-big", desiredCount: undefined },
    ]);
  });

  it("starts new workers before it stops old ones, and goes back when they do not start", () => {
    expect(only("AWS::ECS::Service")).toMatchObject({
      AvailabilityZoneRebalancing: "DISABLED",
      DeploymentConfiguration: {
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
      },
    });
  });

  it("gives a worker an init process, time to drain, no way to be root, and one folder to write to", () => {
    expect(containerOf()).toMatchObject({
      User: "1000:1000",
      ReadonlyRootFilesystem: true,
      StopTimeout: 120,
      LinuxParameters: { InitProcessEnabled: true },
      MountPoints: [{ ContainerPath: "/tmp", ReadOnly: false }],
      LogConfiguration: { LogDriver: "awslogs" },
    });
  });

  it("drains within the time that it is given", () => {
    const { services } = readTemplates(synthesise());
    const task = services[0]?.task;
    expect(Number(task?.environment["CARILLON_DRAIN_MS"])).toBeLessThan(task?.stopTimeoutMs ?? 0);
  });

  it.each([
    [0, [{ CapacityProvider: "FARGATE", Base: 2, Weight: 1 }]],
    [
      1,
      [
        { CapacityProvider: "FARGATE", Base: 2, Weight: 0 },
        { CapacityProvider: "FARGATE_SPOT", Weight: 100 },
      ],
    ],
    [
      0.7,
      [
        { CapacityProvider: "FARGATE", Base: 2, Weight: 30 },
        { CapacityProvider: "FARGATE_SPOT", Weight: 70 },
      ],
    ],
  ])("takes a share of %s from Spot, beyond the tasks that always run", (spotShare, strategy) => {
    const service = only("AWS::ECS::Service", { pools: { default: { ...A_POOL, minTasks: 2, spotShare } } });
    expect(service["CapacityProviderStrategy"]).toEqual(strategy);
  });

  it("takes Spot alone where no task always runs and all are to be spare ones", () => {
    const service = only("AWS::ECS::Service", { pools: { default: { ...A_POOL, spotShare: 1 } } });
    expect(service["CapacityProviderStrategy"]).toEqual([{ CapacityProvider: "FARGATE_SPOT", Weight: 100 }]);
  });

  it("lets its services go before the capacity providers that they use", () => {
    const templates = templatesOf(synthesise());
    const [service] = templates.resources("AWS::ECS::Service");
    const [associations] = templates.resources("AWS::ECS::ClusterCapacityProviderAssociations");
    expect(service?.dependsOn).toContain(associations?.logicalId);
  });

  it("lets a new service prove its image before anything sizes it down", () => {
    const templates = templatesOf(synthesise({ pools: { default: A_POOL, big: A_POOL } }));
    const settle = templates
      .resources("AWS::Lambda::Function")
      .find(({ properties }) => JSON.stringify(properties).includes('"POWERTOOLS_SERVICE_NAME":"settle"'));
    const services = templates.resources("AWS::ECS::Service").map(({ logicalId }) => logicalId);
    expect(services).toHaveLength(2);
    expect(settle?.dependsOn).toEqual(expect.arrayContaining(services));
  });

  it.each([
    ["arm64", "ARM64"],
    ["x64", "X86_64"],
  ] as const)("runs on %s", (architecture, CpuArchitecture) => {
    const task = only("AWS::ECS::TaskDefinition", { pools: { default: { ...A_POOL, architecture } } });
    expect(task).toMatchObject({ Cpu: "512", Memory: "1024", RuntimePlatform: { CpuArchitecture } });
  });

  it("makes a network of its own: public subnets, free endpoints, no NAT, nothing let in", () => {
    const templates = templatesOf(synthesise());
    expect(templates.resources("AWS::EC2::NatGateway")).toEqual([]);
    expect(templates.resources("AWS::EC2::Subnet")).toHaveLength(2);
    const services = templates.resources("AWS::EC2::VPCEndpoint").map(({ properties }) => properties["ServiceName"]);
    expect(services).toEqual(["com.amazonaws.eu-west-1.dynamodb", "com.amazonaws.eu-west-1.s3"]);
    expect(only("AWS::EC2::SecurityGroup")).not.toHaveProperty("SecurityGroupIngress");
    expect(templates.resources("AWS::EC2::SecurityGroupIngress")).toEqual([]);
    expect(only("AWS::ECS::Service")["NetworkConfiguration"]).toMatchObject({
      AwsvpcConfiguration: { AssignPublicIp: "ENABLED", Subnets: [expect.any(String), expect.any(String)] },
    });
  });

  it("goes into a network that exists, with its ids as they are", () => {
    const templates = templatesOf(synthesise({ network: EXISTING }));
    expect(templates.resources("AWS::EC2::VPC")).toEqual([]);
    expect(templates.resources("AWS::EC2::SecurityGroup")[0]?.properties["VpcId"]).toBe(EXISTING.vpcId);
    const { services } = readTemplates(synthesise({ network: EXISTING }));
    expect(services[0]?.task.environment).toMatchObject({
      CARILLON_SUBNETS: EXISTING.subnetIds.join(","),
      CARILLON_ASSIGN_PUBLIC_IP: "false",
    });
    expect(only("AWS::ECS::Service", { network: EXISTING })["NetworkConfiguration"]).toMatchObject({
      AwsvpcConfiguration: { AssignPublicIp: "DISABLED", Subnets: EXISTING.subnetIds },
    });
  });

  it("needs no account, even when it is told one: nothing is looked up", () => {
    const assembly = synthesise({ account: "123456789012", region: "eu-west-1" });
    expect(assembly.manifest.missing ?? []).toEqual([]);
  });

  it("builds its image from this repository, or takes one that is named, from ECR with permission to pull it", () => {
    expect(containerOf()["Image"]).toBe(AN_IMAGE);
    expect(containerOf({ workerImage: undefined })["Image"]).toContain(".dkr.ecr.");
    const workerImage = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/worker:7";
    expect(containerOf({ workerImage })["Image"]).toBe(workerImage);
    const statements = [...readTemplates(synthesise({ workerImage })).permissions.values()].flat();
    expect(statements).toContainEqual(
      expect.objectContaining({ resources: ["arn:aws:ecr:eu-west-1:123456789012:repository/tools/worker"] }),
    );
  });
});
