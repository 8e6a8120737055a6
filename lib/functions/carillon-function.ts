import { type Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { metricNamespace } from "../../adapters/aws/metric-names.ts";
import type { FunctionName } from "../../functions/names.ts";
import type { Bundles } from "./bundles.ts";

/** What all functions of an installation have in common. */
export interface FunctionDefaults {
  readonly installation: string;
  readonly bundles: Bundles;
  readonly logRetention: RetentionDays;
  readonly tracing: boolean;
}

export interface CarillonFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly defaults: FunctionDefaults;
  /** Processor time grows with it: 1,769 MB have one vCPU. */
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A bundle of `functions/` on Lambda, with a role and a log group of its own. The role may write to this log group, and
 * what is granted to it besides; the managed policy for functions would let it write to every log group.
 */
export class CarillonFunction extends LambdaFunction {
  constructor(
    scope: Construct,
    id: string,
    { name, description, defaults, memoryMb, timeout, environment }: CarillonFunctionProps,
  ) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      logGroupName: `/carillon/${defaults.installation}/${name}`,
      retention: defaults.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    super(scope, id, {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(defaults.bundles[name]),
      handler: "index.handler",
      memorySize: memoryMb,
      timeout,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      tracing: defaults.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      environment: {
        ...environment,
        NODE_OPTIONS: "--enable-source-maps",
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: metricNamespace(defaults.installation),
        POWERTOOLS_LOG_LEVEL: "INFO",
        POWERTOOLS_TRACE_ENABLED: String(defaults.tracing),
      },
    });
    if (defaults.tracing) {
      Validations.of(role).acknowledge({
        id: "AwsSolutions-IAM5[Resource::*]",
        reason: "xray:PutTraceSegments and xray:PutTelemetryRecords know no resources",
      });
    }
  }
}
