import { Stack, Validations } from "aws-cdk-lib";
import { Cluster, ContainerInsights } from "aws-cdk-lib/aws-ecs";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Configuration } from "../configuration.ts";
import type { Engine } from "../engine.ts";
import { allow } from "../permissions.ts";
import { ContainerRuns } from "./container-runs.ts";
import type { Network } from "./network.ts";
import { workerImage } from "./worker-image.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface WorkerFleetProps {
  readonly engine: Engine;
  readonly network: Network;
  readonly configuration: Configuration;
  readonly logRetention: RetentionDays;
}

/** Everything that executes runs: a cluster, a service for each pool, and the place for containers of single runs. */
export class WorkerFleet extends Construct {
  readonly cluster: Cluster;
  readonly pools: readonly WorkerPool[];

  constructor(scope: Construct, id: string, { engine, network, configuration, logRetention }: WorkerFleetProps) {
    super(scope, id);
    const {
      pools,
      workerImage: uri,
      executors,
      containerRoles,
      lambdaFunctions,
      allow: privateTargets,
    } = configuration;
    this.cluster = new Cluster(this, "Cluster", {
      vpc: network.vpc,
      enableFargateCapacityProviders: true,
      containerInsightsV2: ContainerInsights.DISABLED,
    });
    Validations.of(this.cluster).acknowledge({
      id: "AwsSolutions-ECS4",
      reason: "Container Insights are billed by the task and metric; the engine's own metrics say how pools do",
    });
    const containerRuns = new ContainerRuns(this, "ContainerRuns", {
      cluster: this.cluster,
      network,
      installation: engine.installation,
      roles: containerRoles,
      logRetention,
    });
    this.pools = Object.entries(pools).map(
      ([name, pool]) =>
        new WorkerPool(this, `Pool-${name}`, {
          name,
          pool,
          engine,
          network,
          cluster: this.cluster,
          image: workerImage(this, `Image-${name}`, { uri, architecture: pool.architecture }),
          containerRuns,
          executors,
          lambdaFunctions,
          privateTargets,
          logRetention,
        }),
    );
  }

  /** To read and set how many workers each pool has. */
  grantResize(grantee: IGrantable): void {
    const resources = this.pools.map(({ serviceName }) => this.#arnOf("service", serviceName));
    allow(grantee, { actions: ["ecs:DescribeServices", "ecs:UpdateService"], resources });
  }

  /** To see what became of workers. */
  grantObserve(grantee: IGrantable): void {
    allow(grantee, {
      actions: ["ecs:DescribeTasks"],
      resources: [this.#arnOf("task", "*")],
      wildcard: "The ids of tasks are drawn when they start; none but workers and their runs is in the cluster",
    });
  }

  #arnOf(resource: string, name: string): string {
    const resourceName = `${this.cluster.clusterName}/${name}`;
    return Stack.of(this).formatArn({ service: "ecs", resource, resourceName });
  }
}
