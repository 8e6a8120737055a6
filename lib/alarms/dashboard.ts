import { Dashboard, GraphWidget, type IMetric, SingleValueWidget, Stats, TextWidget } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import {
  OLDEST_UNCLAIMED_MS,
  RUN_START_LATENESS_MS,
  SCHEDULER_LAG_MS,
  SLOTS_DISPATCHED,
  SLOTS_UNEXPLAINED,
  WORKERS_LOST,
} from "../../adapters/aws/metric-names.ts";
import type { PoolQueues } from "../queues/pool-queues.ts";
import { engineMetric } from "./engine-metric.ts";
import { sum } from "./platform-alarms.ts";

export interface PlatformDashboardProps {
  readonly installation: string;
  readonly pools: readonly PoolQueues[];
  readonly functions: Readonly<Record<string, IFunction>>;
}

const HALF = 12;
const WHOLE = 24;

/** One page: are slots on time, do runs find workers, is anything stuck, do the functions do. */
export class PlatformDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { installation, pools, functions }: PlatformDashboardProps) {
    super(scope, id);
    const own = (name: string, statistic: string) => engineMetric(installation, { name, statistic });
    this.dashboard = new Dashboard(this, "Dashboard", { dashboardName: installation });
    this.dashboard.addWidgets(
      new TextWidget({
        width: WHOLE,
        height: 1,
        markdown: `Carillon **${installation}**: what to do about an alarm is told in docs/runbook.md`,
      }),
    );
    this.dashboard.addWidgets(
      graph("Lateness of starts, ms", [
        own(RUN_START_LATENESS_MS, Stats.p(50)),
        own(RUN_START_LATENESS_MS, Stats.p(99)),
        own(SCHEDULER_LAG_MS, Stats.MAXIMUM),
      ]),
      graph("Slots dispatched", [own(SLOTS_DISPATCHED, Stats.SUM)]),
    );
    this.dashboard.addWidgets(
      new SingleValueWidget({
        title: "What should not be",
        width: WHOLE,
        metrics: [
          own(SLOTS_UNEXPLAINED, Stats.SUM),
          own(WORKERS_LOST, Stats.SUM),
          own(OLDEST_UNCLAIMED_MS, Stats.MAXIMUM),
          ...pools.map((pool, index) =>
            sum(
              `dead letters, ${pool.pool}`,
              pool.metrics().map(({ dead }) => dead),
              `pool${index}m`,
            ),
          ),
        ],
      }),
    );
    for (const pool of pools) {
      this.dashboard.addWidgets(
        graph(
          `Pool ${pool.pool}: waiting`,
          pool.metrics().map(({ waiting }) => waiting),
        ),
        graph(
          `Pool ${pool.pool}: age of the oldest message, s`,
          pool.metrics().map(({ oldestAge }) => oldestAge),
        ),
      );
    }
    const each = Object.entries(functions);
    this.dashboard.addWidgets(
      graph(
        "Functions: duration, ms",
        each.map(([label, one]) => one.metricDuration({ label, statistic: Stats.p(99) })),
      ),
      graph(
        "Functions: errors",
        each.map(([label, one]) => one.metricErrors({ label })),
      ),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: HALF, leftYAxis: { min: 0 } });
}
