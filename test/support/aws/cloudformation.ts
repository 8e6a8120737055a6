import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export type Properties = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** With all intrinsics resolved. */
  readonly properties: Properties;
  readonly deletionPolicy: string | undefined;
  /** Logical ids, in the same stack, of what is made before it and goes after it, beside what its properties refer to. */
  readonly dependsOn: readonly string[];
}

export interface ResolveOptions {
  readonly account?: string;
  readonly region?: string;
  /** Physical names by logical id, of resources to which the template gives none. @default derived from the logical id */
  readonly names?: Readonly<Record<string, string>>;
}

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      { Type: string; Properties?: Properties; DeletionPolicy?: string; DependsOn?: string | readonly string[] }
    >
  >;
  readonly Outputs?: Readonly<Record<string, { Value: unknown; Export?: { Name: unknown } }>>;
  readonly Parameters?: Readonly<Record<string, { Default?: string }>>;
}

/**
 * Templates of stacks that refer to each other, with what CloudFormation would put in the place of references: names,
 * ARNs and ids as AWS forms them. It knows the intrinsics that the templates use, and refuses others.
 */
export class Templates {
  readonly #templates = new Map<string, Template>();
  readonly #names: Readonly<Record<string, string>>;
  readonly #pseudo: Readonly<Record<string, string>>;

  /** @param files - paths of templates by the name of their stack */
  constructor(
    files: Readonly<Record<string, string>>,
    { account = "123456789012", region = "eu-west-1", names = {} }: ResolveOptions = {},
  ) {
    for (const [stack, file] of Object.entries(files)) {
      this.#templates.set(stack, JSON.parse(readFileSync(file, "utf8")) as Template);
    }
    this.#names = names;
    this.#pseudo = {
      "AWS::AccountId": account,
      "AWS::Region": region,
      "AWS::Partition": "aws",
      "AWS::URLSuffix": "amazonaws.com",
    };
  }

  /** All resources, or those of one type, in the order of the templates. */
  resources(type?: string): readonly Resource[] {
    return [...this.#templates].flatMap(([stack, { Resources }]) =>
      Object.entries(Resources)
        .filter(([, resource]) => type === undefined || resource.Type === type)
        .map(([logicalId, { Type, Properties = {}, DeletionPolicy, DependsOn = [] }]) => ({
          stack,
          logicalId,
          type: Type,
          properties: this.#resolve(Properties, stack) as Properties,
          deletionPolicy: DeletionPolicy,
          dependsOn: typeof DependsOn === "string" ? [DependsOn] : DependsOn,
        })),
    );
  }

  /** The outputs of a stack by name. */
  outputs(stack: string): Readonly<Record<string, string>> {
    const outputs = Object.entries(this.#template(stack).Outputs ?? {});
    return Object.fromEntries(outputs.map(([name, { Value }]) => [name, String(this.#resolve(Value, stack))]));
  }

  /** The physical name of a resource: its template's, the one that was given, or one that tells where it comes from. */
  nameOf(stack: string, logicalId: string): string {
    const { Type, Properties = {} } = this.#resource(stack, logicalId);
    const own = NAME_PROPERTIES.map((property) => Properties[property]).find((value) => value !== undefined);
    if (own !== undefined) return String(this.#resolve(own, stack));
    const prefix = ID_PREFIX[Type];
    if (prefix !== undefined) return `${prefix}-${idOf(`${stack}/${logicalId}`)}`;
    return this.#names[logicalId] ?? `${stack}-${logicalId}`;
  }

  arnOf(stack: string, logicalId: string): string {
    const name = this.nameOf(stack, logicalId);
    const { Type } = this.#resource(stack, logicalId);
    const arn = (service: string, resource: string): string =>
      `arn:aws:${service}:${this.#pseudo["AWS::Region"]}:${this.#pseudo["AWS::AccountId"]}:${resource}`;
    switch (Type) {
      case "AWS::DynamoDB::GlobalTable":
        return arn("dynamodb", `table/${name}`);
      case "AWS::SQS::Queue":
        return arn("sqs", name);
      case "AWS::SNS::Topic":
        return arn("sns", name);
      case "AWS::Lambda::Function":
        return arn("lambda", `function:${name}`);
      case "AWS::Logs::LogGroup":
        return arn("logs", `log-group:${name}:*`);
      case "AWS::ECS::Cluster":
        return arn("ecs", `cluster/${name}`);
      case "AWS::ECS::TaskDefinition":
        return arn("ecs", `task-definition/${name}:1`);
      case "AWS::Scheduler::ScheduleGroup":
        return arn("scheduler", `schedule-group/${name}`);
      case "AWS::IAM::Role":
        return `arn:aws:iam::${this.#pseudo["AWS::AccountId"]}:role/${name}`;
      case "AWS::S3::Bucket":
        return `arn:aws:s3:::${name}`;
      default:
        throw new Error(`Cannot tell the ARN of ${logicalId}: type ${Type} is not known`);
    }
  }

  #template(stack: string): Template {
    const template = this.#templates.get(stack);
    if (template === undefined) throw new Error(`Cannot resolve: there is no stack "${stack}"`);
    return template;
  }

  #resource(stack: string, logicalId: string) {
    const resource = this.#template(stack).Resources[logicalId];
    if (resource === undefined) throw new Error(`Cannot resolve: stack "${stack}" has no resource "${logicalId}"`);
    return resource;
  }

  #resolve(value: unknown, stack: string): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#resolve(each, stack));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [[key, argument] = ["", undefined]] = entries;
    if (entries.length === 1 && (key === "Ref" || key.startsWith("Fn::"))) return this.#intrinsic(key, argument, stack);
    return Object.fromEntries(entries.map(([name, each]) => [name, this.#resolve(each, stack)]));
  }

  #intrinsic(key: string, argument: unknown, stack: string): unknown {
    const text = (value: unknown): string => String(this.#resolve(value, stack));
    const list = (value: unknown): readonly unknown[] => this.#resolve(value, stack) as readonly unknown[];
    switch (key) {
      case "Ref":
        return this.#ref(String(argument), stack);
      case "Fn::GetAtt": {
        const [logicalId = "", attribute = ""] = Array.isArray(argument)
          ? argument.map(String)
          : String(argument).split(".");
        return this.#attribute(stack, logicalId, attribute);
      }
      case "Fn::Join": {
        const [separator, parts] = argument as [string, unknown];
        return list(parts).join(separator);
      }
      case "Fn::Sub": {
        const [pattern, own] = Array.isArray(argument) ? (argument as [string, Properties]) : [String(argument), {}];
        return pattern.replaceAll(/\$\{([^}!]+)\}/g, (_, name: string) => {
          if (name in own) return text(own[name]);
          return name.includes(".") ? text({ "Fn::GetAtt": name }) : text({ Ref: name });
        });
      }
      case "Fn::Select": {
        const [index, from] = argument as [unknown, unknown];
        return list(from)[Number(text(index))];
      }
      case "Fn::Split": {
        const [separator, from] = argument as [string, unknown];
        return text(from).split(separator);
      }
      case "Fn::GetAZs":
        return ["a", "b", "c"].map((zone) => `${this.#pseudo["AWS::Region"]}${zone}`);
      case "Fn::ImportValue":
        return this.#imported(text(argument));
      default:
        throw new Error(`Cannot resolve: intrinsic ${key} is not known`);
    }
  }

  #ref(name: string, stack: string): unknown {
    if (name === "AWS::StackName") return stack;
    if (name === "AWS::NoValue") return undefined;
    if (name in this.#pseudo) return this.#pseudo[name];
    const parameter = this.#template(stack).Parameters?.[name];
    if (parameter !== undefined) return parameter.Default;
    const { Type } = this.#resource(stack, name);
    if (Type === "AWS::SQS::Queue") return this.#queueUrl(this.nameOf(stack, name));
    return REF_IS_ARN.has(Type) ? this.arnOf(stack, name) : this.nameOf(stack, name);
  }

  #attribute(stack: string, logicalId: string, attribute: string): unknown {
    const name = this.nameOf(stack, logicalId);
    switch (attribute) {
      case "Arn":
      case "TopicArn":
        return this.arnOf(stack, logicalId);
      case "QueueName":
      case "TopicName":
      case "Name":
      case "GroupId":
        return name;
      case "ApiEndpoint":
        return `https://${name}.execute-api.${this.#pseudo["AWS::Region"]}.amazonaws.com`;
      case "DomainName":
        return `${name}.cloudfront.net`;
      case "RegionalDomainName":
        return `${name}.s3.${this.#pseudo["AWS::Region"]}.amazonaws.com`;
      default:
        // Of no interest to anybody here, but it must be something.
        return `${name}.${attribute}`;
    }
  }

  #queueUrl(name: string): string {
    return `https://sqs.${this.#pseudo["AWS::Region"]}.amazonaws.com/${this.#pseudo["AWS::AccountId"]}/${name}`;
  }

  #imported(exportName: string): unknown {
    for (const [stack, { Outputs = {} }] of this.#templates) {
      const output = Object.values(Outputs).find(
        ({ Export }) => Export !== undefined && this.#resolve(Export.Name, stack) === exportName,
      );
      if (output !== undefined) return this.#resolve(output.Value, stack);
    }
    throw new Error(`Cannot resolve: no stack exports "${exportName}"`);
  }
}

/** Properties by which a template names a resource itself. */
const NAME_PROPERTIES = [
  "Family",
  "QueueName",
  "LogGroupName",
  "ServiceName",
  "DashboardName",
  "FunctionName",
  "TableName",
];

const REF_IS_ARN = new Set(["AWS::SNS::Topic", "AWS::ECS::TaskDefinition"]);

/** Types whose names are ids. */
const ID_PREFIX: Readonly<Record<string, string>> = {
  "AWS::EC2::VPC": "vpc",
  "AWS::EC2::Subnet": "subnet",
  "AWS::EC2::SecurityGroup": "sg",
};

function idOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 17);
}
