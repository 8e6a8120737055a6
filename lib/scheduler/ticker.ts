import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { tickVariables } from "../../functions/tick/environment.ts";
import { SCHEDULER_LAG_MS } from "../../adapters/aws/metric-names.ts";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { engineMetric } from "../alarms/engine-metric.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import type { Configuration } from "../configuration.ts";
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
  readonly scheduler: Configuration["scheduler"];
}

const PERIOD = Duration.minutes(1);
/** At the slow pace this is the only one; the engine knows the same period. */
const SAFETY_PERIOD = Duration.minutes(15);

/**
 * Looks for what is due: the tick function, woken each minute, and each quarter of an hour by a second schedule that
 * stays on when the first is switched off because nothing is due for long. With several groups each has both schedules
 * of its own, and its share of the shards.
 */
export class Ticker extends Construct {
  readonly function: CarillonFunction;
  readonly #wakeUps: WakeUps;
  readonly #groups: readonly [TickGroup, ...TickGroup[]];

  constructor(scope: Construct, id: string, { engine, fleet, wakeUps, topic, functions, scheduler }: TickerProps) {
    super(scope, id);
    this.#wakeUps = wakeUps;
    this.#groups = tickGroups(engine.installation, scheduler.groups);
    this.function = new CarillonFunction(this, "Function", {
      name: "tick",
      description: "Sends the runs that come due within the look-ahead to their queues",
      defaults: functions,
      // It waits for DynamoDB and SQS most of the time; more memory shortens the top of the hour.
      memoryMb: scheduler.memoryMb,
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
    engine.table.denyTokens(this.function);
    this.grantPace(this.function);
    wakeUps.configure(this.function);
    for (const group of this.#groups) this.#schedule(group);
    this.#watch(engine.installation, topic);
  }

  /** By which a function finds the schedules whose pace it sets: those of the first group, and how many groups there are. */
  timer() {
    const [first] = this.#groups;
    return {
      timerGroup: this.#wakeUps.groupName,
      timerSchedule: first.minute,
      tickGroups: String(this.#groups.length),
    };
  }

  /** To slow the tick down when nothing is due for long, and back. */
  grantPace(grantee: IGrantable): void {
    this.#wakeUps.grantSwitch(
      grantee,
      this.#groups.flatMap(({ minute, safety }) => [minute, safety]),
    );
  }

  #schedule({ suffix, minute, safety, input }: TickGroup): void {
    const target = this.function;
    this.#wakeUps.add(`Tick${suffix}`, {
      name: minute,
      every: PERIOD,
      target,
      description: "Looks for what is due",
      input,
    });
    this.#wakeUps.add(`SafetyTick${suffix}`, {
      name: safety,
      every: SAFETY_PERIOD,
      target,
      description: "Looks for what is due, whatever the pace",
      input,
    });
  }

  #watch(installation: string, topic: AlarmTopic): void {
    new PlatformAlarm(this, "SilentAlarm", {
      topic,
      summary: "The scheduler, or one of its groups, was not woken for half an hour",
      runbook: "scheduler-silent",
      metric: this.function.metricInvocations({ period: SAFETY_PERIOD }),
      threshold: fewestWakeUps(this.#groups.length),
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

/** A share of the shards, and the names of the schedules that wake a tick for it. */
interface TickGroup {
  /** Ends names and ids of all groups but the first, whose own must not change when others join it. */
  readonly suffix: string;
  readonly minute: string;
  readonly safety: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** How often ticks come within `SAFETY_PERIOD` at least, unless one has fallen silent. */
function fewestWakeUps(groups: number): number {
  if (groups === 1) return 1;
  // Several never go at the slow pace. One that misses half of its wake-ups counts as silent.
  const each = SAFETY_PERIOD.toMinutes() / PERIOD.toMinutes() + 1;
  return each * groups - each / 2;
}

function tickGroups(installation: string, count: number): readonly [TickGroup, ...TickGroup[]] {
  const groupAt = (index: number): TickGroup => {
    const suffix = index === 0 ? "" : `-${index}`;
    const minute = `${installation}-tick${suffix}`;
    // One group alone has all shards, which needs no telling.
    return { suffix, minute, safety: `${minute}-safety`, input: count === 1 ? {} : { group: { index, count } } };
  };
  return [groupAt(0), ...Array.from({ length: count - 1 }, (_, index) => groupAt(index + 1))];
}
