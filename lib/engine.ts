import { Aws } from "aws-cdk-lib";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { Configuration } from "./configuration.ts";
import type { PoolQueues } from "./queues/pool-queues.ts";
import type { RunLogs } from "./storage/run-logs.ts";
import type { StateTable } from "./storage/state-table.ts";

/** What the engine works on, wherever it runs: in a function or in a worker. */
export interface Engine {
  readonly installation: string;
  readonly pools: Configuration["pools"];
  readonly knobs: Configuration["knobs"];
  readonly table: StateTable;
  /** Of the pools. */
  readonly queues: readonly PoolQueues[];
  /** In which the engine rings itself. */
  readonly ownQueue: PoolQueues;
  readonly runLogs: RunLogs;
}

/** By which the engine finds what it works on: values of environment variables, named as in `functions/shared/variables.ts`. */
export function engineValues({ installation, pools, knobs, table, runLogs }: Engine) {
  const limits = Object.entries(pools).map(([name, { slots, minTasks, maxTasks }]) => [
    name,
    { slots, minTasks, maxTasks },
  ]);
  return {
    installation,
    table: table.table.tableName,
    queueUrlPrefix: `https://sqs.${Aws.REGION}.${Aws.URL_SUFFIX}/${Aws.ACCOUNT_ID}/${installation}-`,
    logGroup: runLogs.group.logGroupName,
    pools: JSON.stringify(Object.fromEntries(limits)),
    knobs: Object.keys(knobs).length === 0 ? undefined : JSON.stringify(knobs),
  };
}

/** To read and write state, and to send runs to every pool and to the engine itself. */
export function grantScheduling({ table, queues, ownQueue }: Engine, grantee: IGrantable): void {
  table.grantUse(grantee);
  for (const pool of [...queues, ownQueue]) pool.grantSend(grantee);
}
