import type { AwsRequest } from "./aws-request.ts";
import { ACCOUNT, REGION } from "./identity.ts";
import type { Question } from "./permissions.ts";

/** Operations whose right goes by another name. */
const ACTION_NAMES: Readonly<Record<string, string>> = {
  "sqs:SendMessageBatch": "sqs:SendMessage",
  "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
  "sns:PublishBatch": "sns:Publish",
  "lambda:Invoke": "lambda:InvokeFunction",
};

/**
 * What must be allowed for a request to be served: every action with every resource it touches, as the services' own
 * authorisation reference has it.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function questionsOf({ service, operation, input }: AwsRequest): readonly Question[] {
  const action = ACTION_NAMES[`${service}:${operation}`] ?? `${service}:${operation}`;
  switch (service) {
    case "dynamodb":
      return tablesOf(input).map((table) => ({
        action,
        resource: table.startsWith("arn:") ? table : arn("dynamodb", `table/${table}`),
        context: { "dynamodb:LeadingKeys": leadingKeys(input) },
      }));
    case "sqs":
      return [{ action, resource: arn("sqs", queueOf(input)) }];
    case "sns":
      return [{ action, resource: text(input["TopicArn"]) }];
    case "ssm":
      return namesOf(input).map((name) => ({ action, resource: arn("ssm", `parameter/${name.replace(/^\//, "")}`) }));
    case "lambda":
      return [{ action, resource: functionArn(text(input["FunctionName"])) }];
    case "logs":
      return [{ action, resource: logResource(operation, input) }];
    case "scheduler":
      return [scheduleQuestion(action, input), ...passedRoles(input)];
    case "ecs":
      return ecsQuestions(action, operation, input);
    case "states":
      return stateQuestions(action, operation, input);
    default:
      return [{ action, resource: "*" }];
  }
}

function tablesOf(input: Readonly<Record<string, unknown>>): string[] {
  const { TableName, RequestItems } = input;
  return typeof TableName === "string" ? [TableName] : Object.keys(RequestItems ?? {});
}

/** The partition keys that a request names, of whatever table. */
function leadingKeys(input: Readonly<Record<string, unknown>>): string[] {
  const { KeyConditionExpression, ExpressionAttributeValues } = input;
  if (typeof KeyConditionExpression === "string") {
    const name = /=\s*(:\w+)/.exec(KeyConditionExpression)?.[1] ?? "";
    return partitionsIn((ExpressionAttributeValues as Readonly<Record<string, unknown>> | undefined)?.[name]);
  }
  return [input["Key"], input["Item"], input["RequestItems"]].flatMap(partitionsOf);
}

/** The partition keys of all keys and items within a value. */
function partitionsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(partitionsOf);
  if (typeof value !== "object" || value === null) return [];
  if ("pk" in value) return partitionsIn(value.pk);
  return Object.values(value).flatMap(partitionsOf);
}

function partitionsIn(value: unknown): string[] {
  const isText = typeof value === "object" && value !== null && "S" in value && typeof value.S === "string";
  return isText ? [value.S as string] : [];
}

function queueOf({ QueueUrl, QueueName, SourceArn }: Readonly<Record<string, unknown>>): string {
  if (typeof QueueUrl === "string") return QueueUrl.split("/").at(-1) ?? "";
  if (typeof QueueName === "string") return QueueName;
  return text(SourceArn).split(":").at(-1) ?? "";
}

function namesOf({ Name, Names }: Readonly<Record<string, unknown>>): readonly string[] {
  return typeof Name === "string" ? [Name] : (Names as readonly string[]);
}

function functionArn(name: string): string {
  return name.startsWith("arn:") ? name : arn("lambda", `function:${name}`);
}

/** Single events are of a stream; the rest is of the group, which policies write with `:*` at its end. */
function logResource(operation: string, input: Readonly<Record<string, unknown>>): string {
  const named = input["logGroupName"] ?? input["logGroupIdentifier"];
  const group = typeof named === "string" ? named.replace(/^arn:.*:log-group:/, "").replace(/:\*$/, "") : "*";
  const stream = ["PutLogEvents", "GetLogEvents", "DeleteLogStream"].includes(operation)
    ? input["logStreamName"]
    : undefined;
  return arn("logs", `log-group:${group}:${typeof stream === "string" ? `log-stream:${stream}` : "*"}`);
}

function scheduleQuestion(action: string, { Name, GroupName, groupName }: Readonly<Record<string, unknown>>): Question {
  const group = GroupName ?? groupName ?? "default";
  return { action, resource: arn("scheduler", `schedule/${text(group)}/${text(Name)}`) };
}

function passedRoles({ Target }: Readonly<Record<string, unknown>>): Question[] {
  const { RoleArn } = (Target ?? {}) as { readonly RoleArn?: string };
  if (RoleArn === undefined) return [];
  return [
    { action: "iam:PassRole", resource: RoleArn, context: { "iam:PassedToService": ["scheduler.amazonaws.com"] } },
  ];
}

function ecsQuestions(action: string, operation: string, input: Readonly<Record<string, unknown>>): Question[] {
  const cluster = nameOf(text(input["cluster"] ?? "default"));
  const context = { "ecs:cluster": [arn("ecs", `cluster/${cluster}`)] };
  const ask = (kind: string, name: string): Question => {
    return { action, resource: arn("ecs", `${kind}/${cluster}/${nameOf(name)}`), context };
  };
  switch (operation) {
    case "UpdateService":
      return [ask("service", text(input["service"]))];
    case "DescribeServices":
      return (input["services"] as string[]).map((name) => ask("service", name));
    case "StopTask":
      return [ask("task", text(input["task"]))];
    case "DescribeTasks":
    case "GetTaskProtection":
    case "UpdateTaskProtection":
      return (input["tasks"] as string[]).map((name) => ask("task", name));
    case "RunTask": {
      const resource = arn("ecs", `task-definition/${nameOf(text(input["taskDefinition"]))}`);
      // Whoever creates something with tags must be allowed to tag it.
      const tagged = { ...context, "ecs:CreateAction": ["RunTask"] };
      const tagging = { action: "ecs:TagResource", resource: arn("ecs", `task/${cluster}/*`), context: tagged };
      return [{ action, resource, context }, ...(input["tags"] === undefined ? [] : [tagging])];
    }
    case "RegisterTaskDefinition":
      return [{ action, resource: "*" }, ...passedToTasks(input)];
    case "ListTasks":
      return [{ action, resource: arn("ecs", `container-instance/${cluster}/*`), context }];
    default:
      return [{ action, resource: "*", context }];
  }
}

/** Versions are authorized by the ARN of their state machine; tasks are of no resource. */
function stateQuestions(action: string, operation: string, input: Readonly<Record<string, unknown>>): Question[] {
  switch (operation) {
    case "SendTaskSuccess":
    case "SendTaskFailure":
      return [{ action, resource: "*" }];
    case "StopExecution":
      return [{ action, resource: text(input["executionArn"]) }];
    case "CreateStateMachine": {
      const resource = arn("states", `stateMachine:${text(input["name"])}`);
      return [{ action, resource }, ...withMachine(resource, input)];
    }
    default: {
      const named = text(input["stateMachineArn"] ?? input["stateMachineVersionArn"]);
      const resource = named.split(":").slice(0, 7).join(":");
      return [{ action, resource }, ...withMachine(resource, input)];
    }
  }
}

/** What else must be allowed to whoever makes or changes a state machine. */
function withMachine(resource: string, { roleArn, publish, tags }: Readonly<Record<string, unknown>>): Question[] {
  const context = { "iam:PassedToService": ["states.amazonaws.com"] };
  return [
    ...(typeof roleArn === "string" ? [{ action: "iam:PassRole", resource: roleArn, context }] : []),
    ...(publish === true ? [{ action: "states:PublishStateMachineVersion", resource }] : []),
    ...(tags === undefined ? [] : [{ action: "states:TagResource", resource }]),
  ];
}

function passedToTasks({ executionRoleArn, taskRoleArn }: Readonly<Record<string, unknown>>): Question[] {
  const context = { "iam:PassedToService": ["ecs-tasks.amazonaws.com"] };
  const roles = [executionRoleArn, taskRoleArn].filter((role) => typeof role === "string");
  return roles.map((resource) => ({ action: "iam:PassRole", resource, context }));
}

function nameOf(nameOrArn: string): string {
  return nameOrArn.split("/").at(-1) ?? nameOrArn;
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
