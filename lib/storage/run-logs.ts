import { RemovalPolicy } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { type ILogGroup, LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

export interface RunLogsProps {
  readonly retention: RetentionDays;
}

/** What runs have written, kept when the stack goes. */
export class RunLogs extends Construct {
  readonly group: ILogGroup;

  constructor(scope: Construct, id: string, { retention }: RunLogsProps) {
    super(scope, id);
    this.group = new LogGroup(this, "Group", { retention, removalPolicy: RemovalPolicy.RETAIN });
  }

  grantWrite(grantee: IGrantable): Grant {
    return this.group.grant(grantee, "logs:CreateLogStream", "logs:PutLogEvents");
  }

  grantRead(grantee: IGrantable): Grant {
    return this.group.grant(grantee, "logs:GetLogEvents");
  }
}
