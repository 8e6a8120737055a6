import type { Environment } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Configuration } from "../configuration.ts";
import { ConsoleBucket } from "../storage/console-bucket.ts";
import { RunLogs } from "../storage/run-logs.ts";
import { StateTable } from "../storage/state-table.ts";
import { OfflineStack } from "./offline-stack.ts";

export interface StatefulStackProps {
  readonly configuration: Configuration;
  readonly env: Environment;
}

/** What must outlive every deployment. Nothing in it is replaced or removed by one. */
export class StatefulStack extends OfflineStack {
  readonly table: StateTable;
  readonly runLogs: RunLogs;
  readonly consoleFiles: ConsoleBucket;

  constructor(scope: Construct, id: string, { configuration, env }: StatefulStackProps) {
    super(scope, id, {
      env,
      stackName: id,
      description: "Carillon: jobs, runs and what they have written",
      terminationProtection: true,
    });
    this.table = new StateTable(this, "State");
    this.runLogs = new RunLogs(this, "RunLogs", { retention: configuration.logRetentionDays });
    this.consoleFiles = new ConsoleBucket(this, "ConsoleFiles");
  }
}
