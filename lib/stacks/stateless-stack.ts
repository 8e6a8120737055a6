import { CfnOutput, Duration, type Environment } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { AlarmTopic } from "../alarms/alarm-topic.ts";
import { AlertRelay } from "../alarms/alert-relay.ts";
import { PlatformDashboard } from "../alarms/dashboard.ts";
import { PlatformAlarms } from "../alarms/platform-alarms.ts";
import { HttpApi } from "../api/http-api.ts";
import type { Configuration } from "../configuration.ts";
import { ConsoleSite } from "../console/console-site.ts";
import { MonthlyBudget } from "../cost/monthly-budget.ts";
import type { Engine } from "../engine.ts";
import { Network } from "../fleet/network.ts";
import { WorkerFleet } from "../fleet/worker-fleet.ts";
import { Admin } from "../functions/admin.ts";
import type { Bundles } from "../functions/bundles.ts";
import type { FunctionDefaults } from "../functions/carillon-function.ts";
import { PoolQueues } from "../queues/pool-queues.ts";
import { Settler } from "../scheduler/settler.ts";
import { Ticker } from "../scheduler/ticker.ts";
import { WakeUps } from "../scheduler/wake-ups.ts";
import { StateMachines } from "../workflows/state-machines.ts";
import { engineQueue, WorkflowEngine } from "../workflows/workflow-engine.ts";
import { OfflineStack } from "./offline-stack.ts";
import type { StatefulStack } from "./stateful-stack.ts";

export interface StatelessStackProps {
  readonly configuration: Configuration;
  readonly bundles: Bundles;
  readonly stateful: StatefulStack;
  readonly env: Environment;
}

/** All that can be deployed anew at any time. Messages in its queues are doorbells: what they ring for is in the table. */
export class StatelessStack extends OfflineStack {
  constructor(scope: Construct, id: string, { configuration, bundles, stateful, env }: StatelessStackProps) {
    super(scope, id, { env, stackName: id, description: "Carillon: functions, queues, schedules and workers" });
    const { installation, pools, knobs, scheduler, alarms, logRetentionDays: logRetention, tracing } = configuration;
    const { table, runLogs, consoleFiles } = stateful;
    const functions: FunctionDefaults = { installation, bundles, logRetention, tracing };

    const topic = new AlarmTopic(this, "Alarms", alarms);
    const queues = Object.keys(pools).map((pool) => new PoolQueues(this, `Queues-${pool}`, { installation, pool }));
    const ownQueue = engineQueue(this, "Queues-engine", installation);
    const engine: Engine = { installation, pools, knobs, table, queues, ownQueue, runLogs };

    const network = new Network(this, "Network", configuration);
    const fleet = new WorkerFleet(this, "Fleet", { engine, network, configuration, logRetention });

    const wakeUps = new WakeUps(this, "WakeUps", { installation, topic });
    const ticker = new Ticker(this, "Ticker", { engine, fleet, wakeUps, topic, functions, scheduler });
    const oldestUnclaimed = Duration.minutes(alarms.oldestUnclaimedMinutes);
    const settler = new Settler(this, "Settler", { engine, fleet, wakeUps, topic, functions, oldestUnclaimed });

    const stateMachines = configuration.workflows.stateMachines
      ? new StateMachines(this, "StateMachines", { installation, queue: ownQueue })
      : undefined;
    const workflows = new WorkflowEngine(this, "Workflows", { engine, fleet, topic, functions, stateMachines });

    const { api: limits, allow, executors } = configuration;
    const api = new HttpApi(this, "Http", { engine, fleet, ticker, topic, functions, limits, allow, executors });
    const admin = new Admin(this, "Admin", { table, functions });
    const { webhooks } = alarms;
    const alerts = webhooks.length === 0 ? undefined : new AlertRelay(this, "Alerts", { topic, webhooks, functions });

    const { budget, console } = configuration;
    const site = console.enabled ? new ConsoleSite(this, "Console", { files: consoleFiles, api }) : undefined;
    if (budget !== undefined) new MonthlyBudget(this, "Budget", { installation, budget });

    const watched = {
      api: api.function,
      authorizer: api.authorizer,
      tick: ticker.function,
      settle: settler.function,
      engine: workflows.function,
      ...(alerts !== undefined && { alerts: alerts.function }),
    };
    const all = { pools: [...queues, ownQueue], functions: watched };
    new PlatformAlarms(this, "PlatformAlarms", { topic, table: table.table, ...all });
    const dashboard = new PlatformDashboard(this, "Dashboard", { installation, ...all });

    this.#tell({
      ApiUrl: ["Address of the API, for CARILLON_URL", api.url],
      AdminFunction: ["Makes admin tokens when it is invoked", admin.function.functionName],
      TickFunction: ["Looks for what is due; to wake it by hand", ticker.function.functionName],
      TopicArn: ["Where alarms arrive", topic.topic.topicArn],
      TableName: ["Holds everything that Carillon knows", table.table.tableName],
      RunLogGroup: ["What runs have written", runLogs.group.logGroupName],
      ClusterName: ["Where workers run", fleet.cluster.clusterName],
      DashboardName: ["In CloudWatch", dashboard.dashboard.dashboardName],
      ...(site !== undefined && {
        ConsoleUrl: ["Address of the console", `https://${site.distribution.distributionDomainName}`],
        ConsoleBucket: ["Holds the files of the console", consoleFiles.bucket.bucketName],
      }),
    });
  }

  #tell(outputs: Readonly<Record<string, readonly [description: string, value: string]>>): void {
    for (const [name, [description, value]] of Object.entries(outputs))
      new CfnOutput(this, name, { description, value });
  }
}
