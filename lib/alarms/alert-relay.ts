import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { LambdaSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { alertsVariables } from "../../functions/alerts/environment.ts";
import type { Configuration } from "../configuration.ts";
import { CarillonFunction, type FunctionDefaults } from "../functions/carillon-function.ts";
import { environment } from "../functions/environment.ts";
import { allow } from "../permissions.ts";
import type { AlarmTopic } from "./alarm-topic.ts";
import { PlatformAlarm } from "./platform-alarm.ts";

export interface AlertRelayProps {
  readonly topic: AlarmTopic;
  readonly webhooks: Configuration["alarms"]["webhooks"];
  readonly functions: FunctionDefaults;
}

/** Posts what comes to the topic to webhooks, signed. */
export class AlertRelay extends Construct {
  readonly function: CarillonFunction;

  constructor(scope: Construct, id: string, { topic, webhooks, functions }: AlertRelayProps) {
    super(scope, id);
    this.function = new CarillonFunction(this, "Function", {
      name: "alerts",
      description: "Posts alarms to webhooks",
      defaults: functions,
      memoryMb: 256,
      // Several webhooks, some of which may be slow to refuse.
      timeout: Duration.seconds(60),
      environment: environment(alertsVariables, { webhooks: JSON.stringify(webhooks) }),
    });
    this.#grantSecrets(webhooks.flatMap(({ secretParameter = [] }) => secretParameter));
    const undelivered = new Queue(this, "Undelivered", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(undelivered).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "It holds what could not be delivered: there is nothing behind it",
    });
    this.function.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(undelivered),
    });
    topic.topic.addSubscription(new LambdaSubscription(this.function, { deadLetterQueue: undelivered }));
    new PlatformAlarm(this, "UndeliveredAlarm", {
      topic,
      summary: "An alarm could not be posted to a webhook",
      runbook: "undelivered-alerts",
      metric: undelivered.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
      threshold: 0,
      missing: "good",
    });
  }

  /** A SecureString under the account's own key for parameters needs no permission beside this. */
  #grantSecrets(parameters: readonly string[]): void {
    if (parameters.length === 0) return;
    const resources = parameters.map((name) =>
      Stack.of(this).formatArn({ service: "ssm", resource: "parameter", resourceName: name.replace(/^\//, "") }),
    );
    allow(this.function, { actions: ["ssm:GetParameter"], resources });
  }
}
