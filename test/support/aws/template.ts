import { join } from "node:path";
import type { CloudAssembly } from "aws-cdk-lib/cx-api";
import type { FunctionName } from "../../../functions/names.ts";
import { type Properties, type ResolveOptions, type Resource, Templates } from "./cloudformation.ts";

/** What an assembly deploys, with names and references as they would be in an account. */
export interface Deployment {
  readonly tables: readonly DeployedTable[];
  /** Dead letters before the queues that refer to them. */
  readonly queues: readonly DeployedQueue[];
  readonly functions: readonly DeployedFunction[];
  readonly schedules: readonly DeployedSchedule[];
  /** One for each pool. */
  readonly services: readonly DeployedService[];
  readonly topic: { readonly arn: string; readonly subscriptions: readonly DeployedSubscription[] };
  readonly httpApi: DeployedApi;
  readonly logGroups: readonly { readonly name: string; readonly retentionDays: number | undefined }[];
  /** What each role may do, by its ARN. */
  readonly permissions: ReadonlyMap<string, readonly PolicyStatement[]>;
}

export interface DeployedTable {
  readonly name: string;
  readonly arn: string;
  /** In the shape that CreateTable takes. */
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: "HASH" | "RANGE" }[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: "S" | "N" | "B" }[];
}

export interface DeployedQueue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  /** In the shape that CreateQueue takes: `{ VisibilityTimeout: "120", RedrivePolicy: "{…}", … }`. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface DeployedFunction {
  /** Which of `functions/` it is. */
  readonly function: FunctionName;
  /** Its physical name. */
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** The folder that is deployed, in the assembly. */
  readonly handlerFolder: string;
  /** File and export in it: `index.handler`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** What becomes of an asynchronous invocation that fails; `undefined` where nothing is said. */
  readonly whenInvokedAsync:
    | { readonly retries: number; readonly maxAgeMs: number; readonly onFailureArn: string | undefined }
    | undefined;
}

export interface DeployedSchedule {
  readonly name: string;
  readonly group: string;
  readonly periodMs: number;
  readonly isEnabled: boolean;
  /** ARN of the function that it wakes. */
  readonly targetArn: string;
  readonly roleArn: string;
  /** The event, in which `<aws.scheduler.scheduled-time>` stands for the instant: `2026-11-22T15:00:00Z`. */
  readonly input: string;
  readonly retries: number;
  readonly deadLetterArn: string | undefined;
}

export interface DeployedService {
  readonly name: string;
  readonly cluster: string;
  /** Absent where the template leaves it to whoever sizes the service. */
  readonly desiredCount: number | undefined;
  readonly task: {
    readonly family: string;
    readonly cpu: number;
    readonly memoryMb: number;
    readonly roleArn: string;
    readonly image: string;
    readonly user: string | undefined;
    readonly stopTimeoutMs: number;
    readonly environment: Readonly<Record<string, string>>;
  };
}

export interface DeployedSubscription {
  readonly protocol: string;
  /** An address, a number, or the ARN of a function. */
  readonly endpoint: string;
}

export interface DeployedApi {
  readonly url: string;
  readonly routes: readonly {
    /** `GET`, or `ANY`. */
    readonly method: string;
    /** `/healthz`, `/{proxy+}`. */
    readonly path: string;
    /** ARN of the function that answers. */
    readonly targetArn: string;
    readonly isPublic: boolean;
  }[];
  readonly authorizer: {
    readonly functionArn: string;
    readonly cacheMs: number;
    readonly identitySource: readonly string[];
  };
}

export interface PolicyStatement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Properties;
}

/** Reads the templates of an assembly, so that whoever runs what they deploy repeats nothing by hand. */
export function readTemplates(assembly: CloudAssembly, options: ResolveOptions = {}): Deployment {
  const templates = templatesOf(assembly, options);
  const of = <T>(type: string, read: (resource: Resource) => T): T[] => templates.resources(`AWS::${type}`).map(read);
  const nameOf = ({ stack, logicalId }: Resource): string => templates.nameOf(stack, logicalId);
  const arnOf = ({ stack, logicalId }: Resource): string => templates.arnOf(stack, logicalId);
  const { account = "123456789012", region = "eu-west-1" } = options;

  const asyncConfigs = new Map(
    of("Lambda::EventInvokeConfig", ({ properties }) => [String(properties["FunctionName"]), properties] as const),
  );
  const tasks = new Map(of("ECS::TaskDefinition", (resource) => [arnOf(resource), resource.properties] as const));
  const topics = of("SNS::Topic", arnOf);
  return {
    tables: of("DynamoDB::GlobalTable", (resource) => ({
      name: nameOf(resource),
      arn: arnOf(resource),
      keySchema: resource.properties["KeySchema"] as DeployedTable["keySchema"],
      attributes: resource.properties["AttributeDefinitions"] as DeployedTable["attributes"],
    })),
    queues: of("SQS::Queue", (resource) => ({
      name: nameOf(resource),
      arn: arnOf(resource),
      url: `https://sqs.${region}.amazonaws.com/${account}/${nameOf(resource)}`,
      attributes: queueAttributes(resource.properties),
    })).sort((a, b) => Number("RedrivePolicy" in a.attributes) - Number("RedrivePolicy" in b.attributes)),
    functions: of("Lambda::Function", (resource) => ({
      ...functionOf(resource.properties, assembly.directory),
      name: nameOf(resource),
      arn: arnOf(resource),
      whenInvokedAsync: asyncOf(asyncConfigs.get(nameOf(resource))),
    })),
    schedules: of("Scheduler::Schedule", ({ properties }) => scheduleOf(properties)),
    services: of("ECS::Service", ({ properties }) =>
      serviceOf(properties, tasks.get(String(properties["TaskDefinition"])) ?? {}),
    ),
    topic: {
      arn: topics[0] ?? "",
      subscriptions: of("SNS::Subscription", ({ properties }) => ({
        protocol: String(properties["Protocol"]),
        endpoint: String(properties["Endpoint"]),
      })),
    },
    httpApi: apiOf(templates),
    logGroups: of("Logs::LogGroup", (resource) => ({
      name: nameOf(resource),
      retentionDays: resource.properties["RetentionInDays"] as number | undefined,
    })),
    permissions: permissionsOf(templates),
  };
}

/** The templates of an assembly, for tests that look at them as they are. */
export function templatesOf(assembly: CloudAssembly, options: ResolveOptions = {}): Templates {
  const files = assembly.stacks.map(({ stackName, templateFullPath }) => [stackName, templateFullPath] as const);
  return new Templates(Object.fromEntries(files), options);
}

function queueAttributes(properties: Properties): Record<string, string> {
  const names = ["VisibilityTimeout", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy"];
  const held = names.filter((name) => properties[name] !== undefined);
  return Object.fromEntries(
    held.map((name) => {
      const value = properties[name];
      return [name, typeof value === "string" ? value : JSON.stringify(value)];
    }),
  );
}

function functionOf(properties: Properties, directory: string) {
  const { Code, Environment, Handler, MemorySize, Role, Timeout } = properties;
  const { Variables } = Environment as { Variables: Readonly<Record<string, string>> };
  const { S3Key } = Code as { S3Key: string };
  return {
    // The name by which its logs and traces are told from those of the others.
    function: Variables["POWERTOOLS_SERVICE_NAME"] as FunctionName,
    roleArn: String(Role),
    handlerFolder: join(directory, `asset.${S3Key.replace(/\.zip$/, "")}`),
    handler: String(Handler),
    environment: Variables,
    timeoutMs: Number(Timeout) * 1_000,
    memoryMb: Number(MemorySize),
  };
}

function asyncOf(properties: Properties | undefined): DeployedFunction["whenInvokedAsync"] {
  if (properties === undefined) return undefined;
  const { DestinationConfig, MaximumEventAgeInSeconds, MaximumRetryAttempts } = properties;
  const { OnFailure } = (DestinationConfig ?? {}) as { OnFailure?: { Destination: string } };
  return {
    retries: Number(MaximumRetryAttempts),
    maxAgeMs: Number(MaximumEventAgeInSeconds) * 1_000,
    onFailureArn: OnFailure?.Destination,
  };
}

function scheduleOf(properties: Properties): DeployedSchedule {
  const { Name, GroupName, ScheduleExpression, State, Target } = properties;
  const { Arn, RoleArn, Input, RetryPolicy, DeadLetterConfig } = Target as {
    Arn: string;
    RoleArn: string;
    Input: string;
    RetryPolicy?: { MaximumRetryAttempts?: number };
    DeadLetterConfig?: { Arn: string };
  };
  return {
    name: String(Name),
    group: String(GroupName),
    periodMs: periodOf(String(ScheduleExpression)),
    isEnabled: State === "ENABLED",
    targetArn: Arn,
    roleArn: RoleArn,
    input: Input,
    retries: RetryPolicy?.MaximumRetryAttempts ?? 185,
    deadLetterArn: DeadLetterConfig?.Arn,
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function periodOf(expression: string): number {
  const [, count, unit = ""] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined) throw new Error(`Cannot read schedule: ${expression} is not a rate`);
  return Number(count) * unitMs;
}

function serviceOf(service: Properties, task: Properties): DeployedService {
  const [container] = task["ContainerDefinitions"] as readonly {
    Image: string;
    User?: string;
    StopTimeout?: number;
    Environment?: readonly { Name: string; Value: string }[];
  }[];
  if (container === undefined)
    throw new Error(`Cannot read service ${String(service["ServiceName"])}: it has no container`);
  return {
    name: String(service["ServiceName"]),
    cluster: String(service["Cluster"]),
    desiredCount: service["DesiredCount"] as number | undefined,
    task: {
      family: String(task["Family"]),
      cpu: Number(task["Cpu"]),
      memoryMb: Number(task["Memory"]),
      roleArn: String(task["TaskRoleArn"]),
      image: container.Image,
      user: container.User,
      stopTimeoutMs: (container.StopTimeout ?? 30) * 1_000,
      environment: Object.fromEntries((container.Environment ?? []).map(({ Name, Value }) => [Name, Value])),
    },
  };
}

function apiOf(templates: Templates): DeployedApi {
  const [api] = templates.resources("AWS::ApiGatewayV2::Api");
  const [authorizer] = templates.resources("AWS::ApiGatewayV2::Authorizer");
  if (api === undefined || authorizer === undefined)
    throw new Error("Cannot read the API: it or its authorizer is missing");
  const targets = new Map(
    templates
      .resources("AWS::ApiGatewayV2::Integration")
      .map((each) => [
        `integrations/${templates.nameOf(each.stack, each.logicalId)}`,
        String(each.properties["IntegrationUri"]),
      ]),
  );
  const { AuthorizerUri, AuthorizerResultTtlInSeconds, IdentitySource } = authorizer.properties;
  const [, functionArn = ""] = /functions\/(arn:[^/]+)\/invocations$/.exec(String(AuthorizerUri)) ?? [];
  return {
    url: `https://${templates.nameOf(api.stack, api.logicalId)}.execute-api.${regionOf(functionArn)}.amazonaws.com`,
    routes: templates.resources("AWS::ApiGatewayV2::Route").map(({ properties }) => {
      const [method = "", path = ""] = String(properties["RouteKey"]).split(" ");
      const isPublic = properties["AuthorizationType"] === "NONE";
      return { method, path, targetArn: targets.get(String(properties["Target"])) ?? "", isPublic };
    }),
    authorizer: {
      functionArn,
      cacheMs: Number(AuthorizerResultTtlInSeconds) * 1_000,
      identitySource: IdentitySource as readonly string[],
    },
  };
}

function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}

function permissionsOf(templates: Templates): ReadonlyMap<string, readonly PolicyStatement[]> {
  const arns = new Map(
    templates
      .resources("AWS::IAM::Role")
      .map(({ stack, logicalId }) => [templates.nameOf(stack, logicalId), templates.arnOf(stack, logicalId)]),
  );
  const permissions = new Map<string, PolicyStatement[]>();
  for (const { properties } of [
    ...templates.resources("AWS::IAM::Policy"),
    ...templates.resources("AWS::IAM::ManagedPolicy"),
  ]) {
    const { Statement } = properties["PolicyDocument"] as { Statement: readonly Properties[] };
    for (const role of properties["Roles"] as readonly string[]) {
      const arn = arns.get(role) ?? role;
      permissions.set(arn, [...(permissions.get(arn) ?? []), ...Statement.map(statementOf)]);
    }
  }
  return permissions;
}

function statementOf({ Effect, Action, Resource: resource, Condition = {} }: Properties): PolicyStatement {
  const effect = Effect === "Deny" ? "Deny" : "Allow";
  return { effect, actions: listOf(Action), resources: listOf(resource), conditions: Condition as Properties };
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
