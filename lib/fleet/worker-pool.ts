import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import {
  AvailabilityZoneRebalancing,
  type CapacityProviderStrategy,
  type ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  PropagatedTagSource,
} from "aws-cdk-lib/aws-ecs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Configuration, PoolConfiguration } from "../configuration.ts";
import { type Engine, engineValues, grantScheduling } from "../engine.ts";
import { allow } from "../permissions.ts";
import type { ContainerRuns } from "./container-runs.ts";
import type { Network } from "./network.ts";
import { workerEnvironment } from "./worker-environment.ts";

export interface WorkerPoolProps {
  readonly name: string;
  readonly pool: PoolConfiguration;
  readonly engine: Engine;
  readonly network: Network;
  readonly cluster: ICluster;
  readonly image: ContainerImage;
  readonly containerRuns: ContainerRuns;
  /** Types of jobs that it runs. */
  readonly executors: Configuration["executors"];
  /** What `lambda` jobs may invoke: ARNs and names, in which `*` stands for any characters. */
  readonly lambdaFunctions: readonly string[];
  /** Private targets that `http` jobs may call. */
  readonly privateTargets: readonly string[];
  readonly logRetention: RetentionDays;
}

/** From SIGTERM to SIGKILL: the most that Fargate gives, and as long as Spot warns ahead. */
const STOP_TIMEOUT = Duration.seconds(120);
/** What is left of it for handing back what did not end. */
const DRAIN_MS = 90_000;
/** The user `node` of the image. */
const USER = "1000:1000";
/** The only folder of the container that can be written to: runs have their working folders in it. */
const WORK_FOLDER = "/tmp";

/**
 * The workers of a pool: a Fargate service whose number of tasks is the engine's to set.
 *
 * The template leaves that number out, since each deployment would set it back. A service that is created without one
 * begins with a task, which proves that the image starts; the sweeper takes it away minutes later.
 */
export class WorkerPool extends Construct {
  readonly serviceName: string;
  readonly service: FargateService;

  constructor(scope: Construct, id: string, props: WorkerPoolProps) {
    super(scope, id);
    const { name, pool, engine, network, cluster } = props;
    this.serviceName = `${engine.installation}-${name}`;
    const taskDefinition = this.#define(props);
    this.#grant(taskDefinition, props);
    this.service = new FargateService(this, "Service", {
      serviceName: this.serviceName,
      cluster,
      taskDefinition,
      capacityProviderStrategies: strategies(pool),
      vpcSubnets: { subnets: [...network.subnets] },
      securityGroups: [network.securityGroup],
      assignPublicIp: network.assignPublicIp,
      // New workers first, so that the queues are served throughout; then the old ones drain. One that holds runs
      // protects itself, and the deployment waits for it.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      // Workers come and go by themselves; one that is moved for balance would have to drain.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      propagateTags: PropagatedTagSource.SERVICE,
      enableECSManagedTags: true,
    });
    // Also upon the capacity providers of the cluster, which cannot be taken from it while a service uses them.
    this.service.node.addDependency(cluster);
  }

  #define(props: WorkerPoolProps): FargateTaskDefinition {
    const { name, pool, engine, containerRuns, image, executors, privateTargets } = props;
    const taskDefinition = new FargateTaskDefinition(this, "Task", {
      family: `${engine.installation}-worker-${name}`,
      cpu: pool.cpu,
      memoryLimitMiB: pool.memoryMb,
      runtimePlatform: {
        cpuArchitecture: pool.architecture === "arm64" ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    Validations.of(taskDefinition).acknowledge({
      id: "AwsSolutions-ECS2",
      reason: "Names and numbers, no secrets: what jobs need to know is theirs to fetch",
    });
    const logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/carillon/${engine.installation}/workers/${name}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const container = taskDefinition.addContainer("worker", {
      image,
      user: USER,
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
      // Passes signals on, and ends what jobs leave behind.
      linuxParameters: new LinuxParameters(this, "Linux", { initProcessEnabled: true }),
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: "worker" }),
      environment: workerEnvironment({
        ...engineValues(engine),
        ...containerRuns.values(),
        pool: name,
        slots: String(pool.slots),
        drainMs: String(DRAIN_MS),
        allow: privateTargets.length === 0 ? undefined : JSON.stringify(privateTargets),
        executors: JSON.stringify(executors),
      }),
    });
    Validations.of(taskDefinition.obtainExecutionRole()).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "ecr:GetAuthorizationToken knows no resources",
    });
    taskDefinition.addVolume({ name: "work" });
    container.addMountPoints({ sourceVolume: "work", containerPath: WORK_FOLDER, readOnly: false });
    return taskDefinition;
  }

  #grant({ taskRole }: FargateTaskDefinition, props: WorkerPoolProps): void {
    const { name, engine, cluster, containerRuns, lambdaFunctions } = props;
    grantScheduling(engine, taskRole);
    engine.table.denyTokens(taskRole);
    engine.queues.find(({ pool }) => pool === name)?.grantReceive(taskRole);
    engine.runLogs.grantWrite(taskRole);
    containerRuns.grantRun(taskRole);
    const { formatArn } = arnsOf(this);
    allow(taskRole, {
      actions: ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"],
      resources: [formatArn("ecs", `task/${cluster.clusterName}/*`)],
      wildcard: "The id of a worker's own task is drawn when it starts",
    });
    // A worker looks whether a newer deployment of its service wants its place.
    allow(taskRole, {
      actions: ["ecs:DescribeServices"],
      resources: [formatArn("ecs", `service/${cluster.clusterName}/${this.serviceName}`)],
    });
    if (lambdaFunctions.length === 0) return;
    const arns = lambdaFunctions.map((each) =>
      each.startsWith("arn:") ? each : formatArn("lambda", `function:${each}`),
    );
    // With a version or an alias behind the name, too.
    const resources = arns.flatMap((arn) => [arn, `${arn}:*`]);
    allow(taskRole, {
      actions: ["lambda:InvokeFunction"],
      resources,
      wildcard: "Versions and aliases of functions, and the patterns that the configuration allows",
    });
  }
}

/** On-demand capacity for what always runs, then both in the proportion that was asked for. */
function strategies({ spotShare, minTasks }: PoolConfiguration): CapacityProviderStrategy[] {
  const spot = Math.round(spotShare * 100);
  const onDemand: CapacityProviderStrategy = { capacityProvider: "FARGATE", weight: 100 - spot, base: minTasks };
  if (spot === 0) return [{ ...onDemand, weight: 1 }];
  const spare: CapacityProviderStrategy = { capacityProvider: "FARGATE_SPOT", weight: spot };
  // A provider of weight 0 has its base, and nothing beyond.
  return spot === 100 && minTasks === 0 ? [spare] : [onDemand, spare];
}

function arnsOf(scope: Construct) {
  const { partition, region, account } = Stack.of(scope);
  return {
    formatArn: (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`,
  };
}
