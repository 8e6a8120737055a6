import { Duration } from "aws-cdk-lib";
import { Stats } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { settleVariables } from "../../functions/settle/environment.ts";
import { OLDEST_UNCLAIMED_MS, SLOTS_UNEXPLAINED, WORKERS_LOST } from "../../adapters/aws/metric-names.ts";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { engineMetric } from "../alarms/engine-metric.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import { type Engine, engineValues, grantScheduling } from "../engine.ts";
import type { WorkerFleet } from "../fleet/worker-fleet.ts";
import { environment } from "../functions/environment.ts";
import { CarillonFunction, type FunctionDefaults } from "../functions/carillon-function.ts";
import type { WakeUps } from "./wake-ups.ts";

export interface SettlerProps {
  readonly engine: Engine;
  readonly fleet: WorkerFleet;
  readonly wakeUps: WakeUps;
  readonly topic: AlarmTopic;
  readonly functions: FunctionDefaults;
  /** A run that has waited so long for a worker raises an alarm. */
  readonly oldestUnclaimed: Duration;
}

/** A worker that is lost now and then is Spot capacity or a restart; so many within a quarter of an hour are not. */
const LOST_WORKERS = 3;

/** Clears up each minute: workers that are lost, pools that have nothing to do, dead letters. */
export class Settler extends Construct {
  readonly function: CarillonFunction;

  constructor(
    scope: Construct,
    id: string,
    { engine, fleet, wakeUps, topic, functions, oldestUnclaimed }: SettlerProps,
  ) {
    super(scope, id);
    this.function = new CarillonFunction(this, "Function", {
      name: "settle",
      description: "Finds lost workers, sizes pools down, and counts what is stuck",
      defaults: functions,
      // A handful of reads, mostly of nothing.
      memoryMb: 256,
      timeout: Duration.seconds(55),
      environment: environment(settleVariables, {
        ...engineValues(engine),
        cluster: fleet.cluster.clusterName,
      }),
    });
    // A service that is new proves its image by the task that it begins with: it is not to be sized down before.
    this.function.node.addDependency(...fleet.pools.map(({ service }) => service));
    grantScheduling(engine, this.function);
    engine.table.denyTokens(this.function);
    for (const pool of [...engine.queues, engine.ownQueue]) pool.grantDeadLetterCount(this.function);
    fleet.grantResize(this.function);
    fleet.grantObserve(this.function);
    wakeUps.configure(this.function);
    wakeUps.add("Settle", {
      name: `${engine.installation}-settle`,
      every: Duration.minutes(1),
      target: this.function,
      description: "Finds lost workers, sizes pools down, and counts what is stuck",
    });
    this.#watch(engine.installation, { topic, oldestUnclaimed });
  }

  #watch(installation: string, { topic, oldestUnclaimed }: { topic: AlarmTopic; oldestUnclaimed: Duration }): void {
    new PlatformAlarm(this, "OldestUnclaimedAlarm", {
      topic,
      summary: `A run has waited for a worker for more than ${oldestUnclaimed.toHumanString()}`,
      runbook: "oldest-unclaimed-run",
      metric: engineMetric(installation, { name: OLDEST_UNCLAIMED_MS, statistic: Stats.MAXIMUM }),
      threshold: oldestUnclaimed.toMilliseconds(),
      missing: "good",
    });
    new PlatformAlarm(this, "UnexplainedSlotsAlarm", {
      topic,
      summary: "A slot has neither a run nor a reason why it has none",
      runbook: "unexplained-slots",
      metric: engineMetric(installation, { name: SLOTS_UNEXPLAINED, statistic: Stats.SUM }),
      threshold: 0,
      missing: "good",
    });
    new PlatformAlarm(this, "WorkersLostAlarm", {
      topic,
      summary: `${LOST_WORKERS} workers or more were lost within a quarter of an hour`,
      runbook: "workers-lost",
      metric: engineMetric(installation, { name: WORKERS_LOST, statistic: Stats.SUM, period: Duration.minutes(15) }),
      threshold: LOST_WORKERS - 1,
      missing: "good",
    });
  }
}
