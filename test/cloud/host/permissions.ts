import type { Deployment } from "./deployment.ts";

/** What is asked of a policy: one action on one resource. */
export interface Question {
  /** As policies write it, for example `dynamodb:UpdateItem`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys with their values, for example `ecs:cluster` with one. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** What the managed policies of AWS allow that roles of a template name. */
const MANAGED: Readonly<Record<string, readonly string[]>> = {
  AWSLambdaBasicExecutionRole: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
  AWSXRayDaemonWriteAccess: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
};

/** The rights of the roles of a deployment, as their policies state them. What no statement allows is refused. */
export class Permissions {
  readonly #statements = new Map<string, Statement[]>();

  constructor(deployment: Deployment) {
    for (const role of deployment.all("AWS::IAM::Role")) {
      const { Policies = [], ManagedPolicyArns = [] } = role.properties as RoleProperties;
      this.#add(
        role.arn,
        Policies.flatMap(({ PolicyDocument }) => read(PolicyDocument)),
      );
      this.#add(role.arn, ManagedPolicyArns.flatMap(managed));
    }
    for (const policy of deployment.all("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")) {
      const { PolicyDocument, Roles = [] } = policy.properties as unknown as PolicyProperties;
      for (const name of Roles) this.#add(deployment.get("AWS::IAM::Role", name).arn, read(PolicyDocument));
    }
  }

  /** Whether a role may do it: a statement allows it and none denies it. */
  allows(roleArn: string, question: Question): boolean {
    const relevant = (this.#statements.get(roleArn) ?? []).filter((statement) => applies(statement, question));
    return relevant.length > 0 && relevant.every(({ effect }) => effect === "Allow");
  }

  #add(roleArn: string, statements: readonly Statement[]): void {
    this.#statements.set(roleArn, [...(this.#statements.get(roleArn) ?? []), ...statements]);
  }
}

interface PolicyDocument {
  readonly Statement: RawStatement | readonly RawStatement[];
}

interface RawStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

interface RoleProperties {
  readonly Policies?: readonly { readonly PolicyDocument: PolicyDocument }[];
  readonly ManagedPolicyArns?: readonly string[];
}

interface PolicyProperties {
  readonly PolicyDocument: PolicyDocument;
  readonly Roles?: readonly string[];
}

function read({ Statement }: PolicyDocument): Statement[] {
  return list(Statement).map(({ Effect, Action, Resource, Condition = {} }) => {
    if (Action === undefined || Resource === undefined)
      throw new Error("Cannot read a policy: each statement needs Action and Resource");
    const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ operator, key, values: list(values).map(String) })),
    );
    return { effect: Effect, actions: list(Action), resources: list(Resource), conditions };
  });
}

function managed(arn: string): Statement[] {
  const name = arn.split("/").at(-1) ?? arn;
  const actions = MANAGED[name];
  if (actions === undefined)
    throw new Error(`Cannot read the managed policy ${name}: what it allows is not known here`);
  return [{ effect: "Allow", actions, resources: ["*"], conditions: [] }];
}

function applies({ actions, resources, conditions }: Statement, { action, resource, context = {} }: Question): boolean {
  return (
    actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    resources.some((pattern) => matches(pattern, resource)) &&
    conditions.every((condition) => holds(condition, context))
  );
}

function holds({ operator, key, values }: Condition, context: Question["context"] = {}): boolean {
  const actual = context[key] ?? [];
  const isEqual = (text: string) => values.includes(text);
  const isLike = (text: string) => values.some((value) => matches(value, text));
  switch (operator) {
    case "StringEquals":
    case "ArnEquals":
    case "ForAnyValue:StringEquals":
    case "Bool":
      return actual.some(isEqual);
    case "StringLike":
    case "ArnLike":
    case "ForAnyValue:StringLike":
      return actual.some(isLike);
    // True of a request without the key too, as AWS has it.
    case "ForAllValues:StringEquals":
      return actual.every(isEqual);
    case "ForAllValues:StringLike":
      return actual.every(isLike);
    default:
      throw new Error(`Cannot weigh a policy: its condition operator ${operator} is not known here`);
  }
}

/** `*` stands for any text, `?` for any one character. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
