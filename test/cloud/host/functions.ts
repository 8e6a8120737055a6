import { existsSync } from "node:fs";
import { join } from "node:path";
import { CloudFunction } from "./cloud-function.ts";
import type { Deployment, Resource } from "./deployment.ts";
import { REGION } from "./identity.ts";
import type { Journal } from "./journal.ts";
import type { Meter } from "./meter.ts";

export interface FunctionsOptions {
  readonly deployment: Deployment;
  /** What a function finds besides the variables of its template: its credentials and endpoints. */
  readonly environmentOf: (name: string) => Readonly<Record<string, string>>;
  /** Takes events of asynchronous invocations that failed for good. */
  readonly deliver: (destinationArn: string, event: unknown) => void;
  readonly journal: Journal;
  readonly meter: Meter;
}

/** What CloudWatch Logs adds to each event. */
const LOG_EVENT_BYTES = 26;
const DEFAULT_TIMEOUT_S = 3;
const DEFAULT_MEMORY_MB = 128;
const ASYNC_RETRIES = 2;

/** The functions of a deployment whose code is a bundle of this project, by name; helpers of CDK's own are left out. */
export function openFunctions(options: FunctionsOptions): ReadonlyMap<string, CloudFunction> {
  const { deployment } = options;
  return new Map(
    deployment
      .all("AWS::Lambda::Function")
      .filter(({ properties }) => String(properties["Runtime"]).startsWith("nodejs"))
      .flatMap((resource) => {
        const code = findBundle(deployment, resource);
        return code === undefined ? [] : [[resource.name, openFunction(options, resource, code)] as const];
      }),
  );
}

function openFunction(
  { deployment, environmentOf, deliver, journal, meter }: FunctionsOptions,
  { name, arn, properties }: Resource,
  { file, handlerName }: { file: string; handlerName: string },
): CloudFunction {
  const {
    Timeout = DEFAULT_TIMEOUT_S,
    MemorySize = DEFAULT_MEMORY_MB,
    Environment = {},
    LoggingConfig = {},
    ReservedConcurrentExecutions,
  } = properties as FunctionProperties;
  const asyncConfig = deployment
    .all("AWS::Lambda::EventInvokeConfig")
    .find(({ properties: { FunctionName } }) => [name, arn].includes(String(FunctionName)))?.properties as
    | AsyncProperties
    | undefined;
  return new CloudFunction({
    name,
    arn,
    file,
    handlerName,
    timeoutMs: Timeout * 1_000,
    memoryMb: MemorySize,
    reservedConcurrency: ReservedConcurrentExecutions,
    asyncRetries: asyncConfig?.MaximumRetryAttempts ?? ASYNC_RETRIES,
    onAsyncFailure: (event) => {
      const destination = asyncConfig?.DestinationConfig?.OnFailure?.Destination;
      if (destination !== undefined) deliver(destination, event);
    },
    serviceName: Environment.Variables?.["POWERTOOLS_SERVICE_NAME"],
    environment: () => ({
      ...Environment.Variables,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_LOG_GROUP_NAME: LoggingConfig.LogGroup ?? `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_FORMAT: LoggingConfig.LogFormat ?? "Text",
      AWS_LAMBDA_LOG_LEVEL: LoggingConfig.ApplicationLogLevel ?? "INFO",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      TZ: ":UTC",
      ...environmentOf(name),
    }),
    onLine: (line) => {
      journal.add(name, line);
      meter.record(
        { service: "logs", action: "FunctionLine", caller: name },
        { bytes: Buffer.byteLength(line) + LOG_EVENT_BYTES },
      );
    },
    onFailure: ({ errorType, errorMessage }) => journal.add(name, `${errorType}: ${errorMessage}`),
    meter,
  });
}

/** The module of `Handler` within the asset that `Code` names. */
function findBundle(
  deployment: Deployment,
  { properties }: Resource,
): { file: string; handlerName: string } | undefined {
  const { S3Key } = (properties["Code"] ?? {}) as { readonly S3Key?: string };
  if (S3Key === undefined) return undefined;
  const folder = deployment.assetOf(S3Key.replace(/\.zip$/, ""));
  const [module = "index", handlerName = "handler"] = String(properties["Handler"]).split(".");
  const file = [".mjs", ".js", ".cjs"].map((end) => join(folder, `${module}${end}`)).find((path) => existsSync(path));
  return file === undefined ? undefined : { file, handlerName };
}

interface FunctionProperties {
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly LoggingConfig?: {
    readonly LogGroup?: string;
    readonly LogFormat?: string;
    readonly ApplicationLogLevel?: string;
  };
  readonly ReservedConcurrentExecutions?: number;
}

interface AsyncProperties {
  readonly MaximumRetryAttempts?: number;
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } };
}
