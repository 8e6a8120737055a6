import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { ECSClient } from "@aws-sdk/client-ecs";
import type { AwsWorkerEnvironment } from "./aws-environment.ts";
import { allowedTargets } from "../adapters/http-rules/allowed-targets.ts";
import { ContainerExecutor } from "./executors/container-executor.ts";
import type { Executor } from "./executors/executor.ts";
import { createExecutors } from "./executors/executors.ts";
import { lambdaClient, LambdaExecutor } from "./executors/lambda-executor.ts";

export interface AwsExecutorsOptions {
  readonly workerId: string;
  readonly ecs: ECSClient;
  readonly logs: CloudWatchLogsClient;
}

/** The executors that a worker on AWS shall have; containers only where its environment says where to put them. */
export async function createAwsExecutors(
  environment: AwsWorkerEnvironment,
  { workerId, ecs, logs }: AwsExecutorsOptions,
): Promise<Executor> {
  const { executors, handlersFolder, allow, containers, cluster, installation } = environment;
  const region = await ecs.config.region();
  return createExecutors({
    workerId,
    ...(handlersFolder === undefined ? {} : { handlersFolder }),
    allow: allowedTargets(allow),
    offered: executors,
    others: {
      lambda: new LambdaExecutor({ client: lambdaClient() }),
      ...(containers !== undefined && {
        container: new ContainerExecutor({
          ecs,
          logs,
          workerId,
          place: { ...containers, cluster, installation, region },
        }),
      }),
    },
  });
}
