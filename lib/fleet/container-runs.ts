import { RemovalPolicy, Stack } from "aws-cdk-lib";
import type { ICluster } from "aws-cdk-lib/aws-ecs";
import { type IGrantable, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { allow } from "../permissions.ts";
import type { Network } from "./network.ts";

export interface ContainerRunsProps {
  readonly cluster: ICluster;
  readonly network: Network;
  readonly installation: string;
  /** ARNs of the roles that a container may be given. */
  readonly roles: readonly string[];
  readonly logRetention: RetentionDays;
}

/** Where jobs of type `container` run: tasks of their own in the cluster of the workers, which start and stop them. */
export class ContainerRuns extends Construct {
  readonly #props: ContainerRunsProps;
  readonly #executionRole: Role;
  readonly #logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ContainerRunsProps) {
    super(scope, id);
    this.#props = props;
    this.#logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/carillon/${props.installation}/containers`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#executionRole = this.#createExecutionRole();
  }

  /** By which a worker knows where to start containers. */
  values() {
    const { network, cluster } = this.#props;
    return {
      cluster: cluster.clusterName,
      subnets: network.subnets.map(({ subnetId }) => subnetId).join(","),
      securityGroups: network.securityGroup.securityGroupId,
      assignPublicIp: String(network.assignPublicIp),
      executionRole: this.#executionRole.roleArn,
      containerLogGroup: this.#logGroup.logGroupName,
    };
  }

  /** To start, watch and stop the containers of runs, and to read what they print. */
  grantRun(grantee: IGrantable): void {
    const { cluster, installation, roles } = this.#props;
    const inCluster = { ArnEquals: { "ecs:cluster": cluster.clusterArn } };
    const task = this.#arnOf("task", `${cluster.clusterName}/*`);
    allow(grantee, {
      actions: ["ecs:RunTask"],
      resources: [this.#arnOf("task-definition", `${installation}-run-*:*`)],
      conditions: inCluster,
      wildcard: "Workers register the task definitions of runs as jobs ask for them; their names begin alike",
    });
    allow(grantee, {
      actions: ["ecs:DescribeTasks", "ecs:StopTask"],
      resources: [task],
      conditions: inCluster,
      wildcard: "The ids of tasks are drawn when they start; none but workers and their runs is in the cluster",
    });
    allow(grantee, {
      actions: ["ecs:TagResource"],
      resources: [task],
      conditions: { StringEquals: { "ecs:CreateAction": "RunTask" } },
    });
    allow(grantee, {
      actions: ["ecs:ListTasks"],
      resources: ["*"],
      conditions: inCluster,
      wildcard: "ecs:ListTasks knows no resource on Fargate, and is bound to the cluster by its condition",
    });
    allow(grantee, {
      actions: ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"],
      resources: ["*"],
      wildcard: "They know no resources; which roles a task definition may name is bound by iam:PassRole",
    });
    allow(grantee, {
      actions: ["iam:PassRole"],
      resources: [this.#executionRole.roleArn, ...roles],
      conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    });
    this.#logGroup.grant(grantee, "logs:GetLogEvents");
  }

  /** In which ECS pulls images, from repositories of this account or public ones, and writes what containers print. */
  #createExecutionRole(): Role {
    const role = new Role(this, "ExecutionRole", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
    this.#logGroup.grantWrite(role);
    allow(role, {
      actions: ["ecr:GetAuthorizationToken"],
      resources: ["*"],
      wildcard: "ecr:GetAuthorizationToken knows no resources",
    });
    allow(role, {
      actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      resources: [Stack.of(this).formatArn({ service: "ecr", resource: "repository", resourceName: "*" })],
      wildcard: "Jobs name the images they run; only reading is allowed, and only from this account",
    });
    return role;
  }

  #arnOf(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: "ecs", resource, resourceName });
  }
}
