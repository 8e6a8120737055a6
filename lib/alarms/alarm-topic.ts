import { Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription, SmsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

export interface AlarmTopicProps {
  readonly email?: string;
  readonly smsNumbers?: readonly string[];
}

/** Where every alarm of the platform arrives, and from where it goes to people. */
export class AlarmTopic extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, { email, smsNumbers = [] }: AlarmTopicProps = {}) {
    super(scope, id);
    const topic = new Topic(this, "Topic", { displayName: "Carillon", enforceSSL: true });
    // A policy of one's own replaces the default one, under which alarms may publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: "AlarmsPublish",
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    for (const number of smsNumbers) topic.addSubscription(new SmsSubscription(number));
    Validations.of(topic).acknowledge({
      id: "AwsSolutions-SNS2",
      reason: "Alarms can publish to an encrypted topic only with a key of one's own, which is billed by the month",
    });
    this.topic = topic;
  }
}
