import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { tickVariables } from "../../functions/tick/environment.ts";
import { SCHEDULER_LAG_MS } from "../../adapters/aws/metric-names.ts";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { engineMetric } from "../alarms/engine-metric.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import { type Engine, engineValues, grantScheduling } from "../engine.ts";
import type { WorkerFleet } from "../fleet/worker-fleet.ts";
import { environment } from "../functions/environment.ts";
import { CarillonFunction, type FunctionDefaults } from "../functions/carillon-function.ts";
import type { WakeUps } from "./wake-ups.ts";

export interface TickerProps {
  readonly engine: Engine;
  readonly fleet: WorkerFleet;
  readonly wakeUps: WakeUps;
  readonly topic: AlarmTopic;
  readonly functions: FunctionDefaults;
}

const PERIOD = Duration.minutes(1);
/** At the slow pace this is the only one; the engine knows the same period. */
const SAFETY_PERIOD = Duration.minutes(15);

/**
 * Looks for what is due: the tick function, woken each minute, and each quarter of an hour by a second schedule that
 * stays on when the first is switched off because nothing is due for long.
 */
export class Ticker extends Construct {
  readonly function: CarillonFunction;
  readonly #wakeUps: WakeUps;
  readonly #schedules: { readonly minute: string; readonly safety: string };

  constructor(scope: Construct, id: string, { engine, fleet, wakeUps, topic, functions }: TickerProps) {
    super(scope, id);
    const minute = `${engine.installation}-tick`;
    this.#wakeUps = wakeUps;
    this.#schedules = { minute, safety: `${minute}-safety` };
    this.function = new CarillonFunction(this, "Function", {
      name: "tick",
      description: "Sends the runs that come due within the look-ahead to their queues",
      defaults: functions,
      // It waits for DynamoDB and SQS most of the time; more memory shortens the top of the hour.
      memoryMb: 512,
      // Over before the next tick; what is left then is found by it.
      timeout: Duration.seconds(55),
      environment: environment(tickVariables, {
        ...engineValues(engine),
        cluster: fleet.cluster.clusterName,
        ...this.timer(),
      }),
    });
    grantScheduling(engine, this.function);
    fleet.grantResize(this.function);
    this.grantPace(this.function);
    wakeUps.configure(this.function);
    this.#schedule();
    this.#watch(engine.installation, topic);
  }

  /** By which a function finds the schedules whose pace it sets. */
  timer() {
    return { timerGroup: this.#wakeUps.groupName, timerSchedule: this.#schedules.minute };
  }

  /** To slow the tick down when nothing is due for long, and back. */
  grantPace(grantee: IGrantable): void {
    this.#wakeUps.grantSwitch(grantee, Object.values(this.#schedules));
  }

  #schedule(): void {
    const { minute, safety } = this.#schedules;
    const target = this.function;
    this.#wakeUps.add("Tick", { name: minute, every: PERIOD, target, description: "Looks for what is due" });
    this.#wakeUps.add("SafetyTick", {
      name: safety,
      every: SAFETY_PERIOD,
      target,
      description: "Looks for what is due, whatever the pace",
    });
  }

  #watch(installation: string, topic: AlarmTopic): void {
    new PlatformAlarm(this, "SilentAlarm", {
      topic,
      summary: "The scheduler was not woken for half an hour",
      runbook: "scheduler-silent",
      metric: this.function.metricInvocations({ period: SAFETY_PERIOD }),
      threshold: 1,
      when: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: 2,
      missing: "bad",
    });
    new PlatformAlarm(this, "LagAlarm", {
      topic,
      summary: "Slots are dispatched more than a minute after they were due",
      runbook: "scheduler-lag",
      metric: engineMetric(installation, { name: SCHEDULER_LAG_MS, statistic: Stats.MAXIMUM }),
      threshold: Duration.minutes(1).toMilliseconds(),
      missing: "good",
    });
  }
}
