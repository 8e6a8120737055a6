import { createHash } from "node:crypto";

/** The account and region that the templates are taken to be deployed in. The account is the one that fauxqs writes into ARNs. */
export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";

/** The property that names a resource; without it CloudFormation makes a name up. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  "AWS::DynamoDB::GlobalTable": "TableName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::ECS::Cluster": "ClusterName",
  "AWS::ECS::Service": "ServiceName",
  "AWS::ECS::TaskDefinition": "Family",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::IAM::Role": "RoleName",
  "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::Scheduler::ScheduleGroup": "Name",
  "AWS::SSM::Parameter": "Name",
  "AWS::S3::Bucket": "BucketName",
  "AWS::CloudWatch::Alarm": "AlarmName",
};

/** What `Ref` and the attributes of a resource come to. */
export interface Identity {
  readonly name: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export function identify(
  type: string,
  { stack, logicalId, properties }: { stack: string; logicalId: string; properties: Readonly<Record<string, unknown>> },
): Identity {
  const given = properties[NAME_PROPERTY[type] ?? ""];
  const name = typeof given === "string" ? given : `${stack}-${logicalId}`;
  const ofArn = (arn: string, rest: Record<string, string> = {}): Identity => ({
    name,
    ref: arn,
    attributes: { Arn: arn, ...rest },
  });
  const ofName = (arn: string, rest: Record<string, string> = {}): Identity => ({
    name,
    ref: name,
    attributes: { Arn: arn, ...rest },
  });
  switch (type) {
    case "AWS::DynamoDB::GlobalTable":
    case "AWS::DynamoDB::Table":
      return ofName(arnOf("dynamodb", `table/${name}`));
    case "AWS::SQS::Queue": {
      const url = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
      return { name, ref: url, attributes: { Arn: arnOf("sqs", name), QueueName: name, QueueUrl: url } };
    }
    case "AWS::SNS::Topic":
      return ofArn(arnOf("sns", name), { TopicArn: arnOf("sns", name), TopicName: name });
    case "AWS::Lambda::Function":
      return ofName(arnOf("lambda", `function:${name}`));
    case "AWS::ECS::Cluster":
      return ofName(arnOf("ecs", `cluster/${name}`));
    case "AWS::ECS::Service": {
      const { Cluster = "default" } = properties as { readonly Cluster?: string };
      const cluster = Cluster.split("/").at(-1);
      return { ...ofArn(arnOf("ecs", `service/${cluster}/${name}`), { Name: name }) };
    }
    case "AWS::ECS::TaskDefinition": {
      const arn = arnOf("ecs", `task-definition/${name}:1`);
      return ofArn(arn, { TaskDefinitionArn: arn });
    }
    case "AWS::Logs::LogGroup":
      return ofName(`${arnOf("logs", `log-group:${name}`)}:*`);
    case "AWS::IAM::Role":
      return ofName(`arn:aws:iam::${ACCOUNT}:role/${name}`, { RoleId: logicalId });
    case "AWS::IAM::ManagedPolicy":
      return ofArn(`arn:aws:iam::${ACCOUNT}:policy/${name}`);
    case "AWS::Scheduler::Schedule": {
      const group = properties["GroupName"];
      return ofName(arnOf("scheduler", `schedule/${typeof group === "string" ? group : "default"}/${name}`));
    }
    case "AWS::Scheduler::ScheduleGroup":
      return ofName(arnOf("scheduler", `schedule-group/${name}`));
    case "AWS::SSM::Parameter":
      return ofName(arnOf("ssm", `parameter/${name.replace(/^\//, "")}`));
    case "AWS::S3::Bucket":
      return ofName(`arn:aws:s3:::${name}`);
    case "AWS::EC2::VPC":
      return { ...ofName(""), ref: idOf("vpc", logicalId) };
    case "AWS::EC2::Subnet":
      return { ...ofName(""), ref: idOf("subnet", logicalId) };
    case "AWS::EC2::SecurityGroup":
      return { name, ref: idOf("sg", logicalId), attributes: { GroupId: idOf("sg", logicalId) } };
    default:
      return ofName(arnOf("unknown", logicalId));
  }
}

/** An id such as EC2 makes up: a prefix and 17 hexadecimal digits. */
function idOf(prefix: string, logicalId: string): string {
  return `${prefix}-${createHash("sha256").update(logicalId).digest("hex").slice(0, 17)}`;
}

function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
