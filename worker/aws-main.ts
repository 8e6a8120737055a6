import { randomUUID } from "node:crypto";
import { ECSClient } from "@aws-sdk/client-ecs";
import { clientConfig } from "../adapters/aws/clients.ts";
import { DeploymentWatch } from "../adapters/aws/deployment-watch.ts";
import { ecsProcess } from "../adapters/aws/ecs-fates.ts";
import { openAwsEngine } from "../adapters/aws/engine.ts";
import { TaskProtection } from "../adapters/aws/task-protection.ts";
import { readAwsEnvironment } from "./aws-environment.ts";
import { createAwsExecutors } from "./aws-executors.ts";
import { countExecuting } from "./executors/count-executing.ts";
import { ownEcsTask } from "./own-ecs-task.ts";
import { Worker } from "./worker.ts";

/**
 * A worker process of the AWS body, one ECS task. SIGTERM drains it: when its service shrinks or is deployed anew, and
 * when Spot capacity is taken back. Deployed anew, it also retires by itself, and ends when its runs have.
 */
const METRICS_PERIOD_MS = 60_000;

let workerId: string | undefined;
process.on("unhandledRejection", (error) => tell("error", "unhandled rejection", { error: textOf(error) }));
process.on("uncaughtException", (error) => {
  tell("error", "uncaught exception", { error: textOf(error) });
  process.exit(1);
});
// As the first process of a container without an init it would not end by SIGTERM otherwise.
let drain = (): void => process.exit(0);
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => drain());

const environment = readAwsEnvironment(process.env);
const { installation, cluster, pool, slots, drainMs, metadataUri, agentUri } = environment;
const { core, queue, logs, metrics, clients } = openAwsEngine(environment);
const { clock } = core;
const ecs = new ECSClient(clientConfig());
const task = metadataUri === undefined ? undefined : await ownEcsTask(metadataUri, clock);
const id = task?.id ?? randomUUID().replaceAll("-", "");
workerId = id;
const onError = (error: unknown): void => tell("error", "failure", { error: textOf(error) });
const executor = countExecuting(await createAwsExecutors(environment, { workerId: id, ecs, logs: clients.logs }));
const worker = new Worker(core, {
  id,
  pool,
  slots,
  ...(task === undefined ? {} : { process: ecsProcess(task.id) }),
  drainMs,
  executor,
  logs,
  onError,
});
drain = (): void => {
  tell("info", "draining", { executing: executor.executing });
  worker.drain();
};

const ended = new AbortController();
const protection = new TaskProtection({ agentUri, busy: () => executor.executing > 0, clock, onError });
const protecting = protection.keep(ended.signal);
const watch = new DeploymentWatch({
  client: ecs,
  cluster,
  service: `${installation}-${pool}`,
  taskDefinition: task?.taskDefinition,
  clock,
  onReplaced: () => {
    tell("info", "retiring", { executing: executor.executing });
    worker.retire();
  },
  onError,
});
const watching = watch.keep(ended.signal);
const reporting = setInterval(() => metrics.flush(), METRICS_PERIOD_MS);
tell("info", "started", { pool, slots });
await worker.run();
ended.abort();
// What the last long polls bring would stay hidden until its time is over.
await queue.close();
await Promise.all([protecting, watching]);
clearInterval(reporting);
metrics.flush();
tell("info", "stopped", {});
process.exit(0);

function tell(level: "info" | "error", event: string, fields: Readonly<Record<string, unknown>>): void {
  const worker = workerId === undefined ? {} : { worker: workerId };
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...worker, ...fields })}\n`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
