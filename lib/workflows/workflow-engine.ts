import { Duration } from "aws-cdk-lib";
import { Stats } from "aws-cdk-lib/aws-cloudwatch";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { ENGINE_ERRORS } from "../../adapters/aws/metric-names.ts";
import { ENGINE_POOL } from "../../core/fleet/pool-size.ts";
import { engineVariables } from "../../functions/engine/environment.ts";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { engineMetric } from "../alarms/engine-metric.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import { type Engine, engineValues, grantScheduling } from "../engine.ts";
import type { WorkerFleet } from "../fleet/worker-fleet.ts";
import { CarillonFunction, type FunctionDefaults } from "../functions/carillon-function.ts";
import { environment } from "../functions/environment.ts";
import { PoolQueues } from "../queues/pool-queues.ts";
import type { StateMachines } from "./state-machines.ts";

export interface WorkflowEngineProps {
  readonly engine: Engine;
  readonly fleet: WorkerFleet;
  readonly topic: AlarmTopic;
  readonly functions: FunctionDefaults;
  /** Where runs of workflows are shown. @default nowhere */
  readonly stateMachines?: StateMachines | undefined;
}

/** Taking one message on writes some records; starting thousands of a step's items takes a while. */
const TIMEOUT = Duration.seconds(60);
/**
 * Six times the function's time, so that Lambda can try again when the function is throttled.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const VISIBILITY = Duration.seconds(6 * TIMEOUT.toSeconds());
/** As many as one request to the queue brings. */
const BATCH_SIZE = 10;
/**
 * Enough for some hundred messages a second. A flood must not use up the concurrency of the account, which the API needs; that
 * keeps Lambda from polling with two connections instead of five while there is nothing, which would save 16 cents a month.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const MAX_CONCURRENCY = 10;
const TOLERATED_ERRORS = 3;
/** Longer than any message is delayed, should CloudWatch count from when it was sent. */
const TOLERATED_AGE = Duration.minutes(20);

/** The queue in which the engine rings itself: one is enough, as what it does is done at once. */
export function engineQueue(scope: Construct, id: string, installation: string): PoolQueues {
  return new PoolQueues(scope, id, {
    installation,
    pool: ENGINE_POOL,
    priorities: ["normal"],
    visibility: VISIBILITY,
  });
}

/** Carries workflows, and the steps that no worker executes: a function that is fed from the engine's own queue. */
export class WorkflowEngine extends Construct {
  readonly function: CarillonFunction;

  constructor(scope: Construct, id: string, { engine, fleet, topic, functions, stateMachines }: WorkflowEngineProps) {
    super(scope, id);
    this.function = new CarillonFunction(this, "Function", {
      name: "engine",
      description: "Carries workflows and the steps that no worker executes",
      defaults: functions,
      // Expressions and records of many steps take processor time between the requests.
      memoryMb: 512,
      timeout: TIMEOUT,
      environment: environment(engineVariables, {
        ...engineValues(engine),
        cluster: fleet.cluster.clusterName,
        stateMachines: stateMachines?.value,
      }),
    });
    grantScheduling(engine, this.function);
    engine.table.denyTokens(this.function);
    // The steps that it rings for wake their pool.
    fleet.grantResize(this.function);
    if (stateMachines !== undefined) {
      stateMachines.grantUse(this.function);
      // An execution fails at once whose role may not send yet.
      this.function.node.addDependency(stateMachines);
    }
    this.#listen(engine.ownQueue);
    this.#watch(engine, topic);
  }

  /** Lambda reads the queue in the role of the function. */
  #listen(queue: PoolQueues): void {
    queue.grantReceive(this.function);
    const [eventSourceArn] = queue.arns;
    new EventSourceMapping(this, "Messages", {
      target: this.function,
      eventSourceArn,
      batchSize: BATCH_SIZE,
      maxBatchingWindow: Duration.seconds(0),
      maxConcurrency: MAX_CONCURRENCY,
      reportBatchItemFailures: true,
    });
  }

  #watch({ installation, ownQueue }: Engine, topic: AlarmTopic): void {
    new PlatformAlarm(this, "ErrorsAlarm", {
      topic,
      summary: `The engine failed to take workflows on, more than ${TOLERATED_ERRORS} times within five minutes`,
      runbook: "engine-errors",
      metric: engineMetric(installation, { name: ENGINE_ERRORS, statistic: Stats.SUM }),
      threshold: TOLERATED_ERRORS,
      missing: "good",
    });
    for (const { oldestAge } of ownQueue.metrics()) {
      new PlatformAlarm(this, "BehindAlarm", {
        topic,
        summary: `A message has been in the queue of the engine for more than ${TOLERATED_AGE.toHumanString()}`,
        runbook: "engine-behind",
        metric: oldestAge,
        threshold: TOLERATED_AGE.toSeconds(),
        missing: "good",
      });
    }
  }
}
