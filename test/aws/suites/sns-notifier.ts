import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { type Message, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { SnsNotifier } from "../../../adapters/aws/sns-notifier.ts";
import { sqsClientConfig } from "../../../adapters/aws/sqs-client-config.ts";
import type { Alert } from "../../../core/ports/notifier.ts";
import { eventually } from "../../support/eventually.ts";
import { installation } from "../installation.ts";
import { TestQueues } from "../test-queues.ts";

const ALERT: Alert = {
  id: "alert-1",
  atMs: Date.UTC(2026, 2, 8, 7, 30),
  namespace: "default",
  subject: 'Job "r\u00e9port" failed',
  text: 'the third time: "\u{1f514}" \u0007 <rung> & heard',
};

const sns = new SNSClient(clientConfig());
const sqs = new SQSClient(sqsClientConfig());
const queues = new TestQueues(sqs, installation);
let topicArn = "";
let queueUrl = "";

/** What a topic delivers is seen by a queue that subscribes to it: the service sends no email to a test. */
beforeAll(async () => {
  queueUrl = await queues.createOne("alerts");
  const queueArn = await queues.arnOf(queueUrl);
  ({ TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: installation })));
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queueArn,
      Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
    },
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
  const Attributes = { RawMessageDelivery: "true" };
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn, Attributes }));
});

afterAll(async () => {
  await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
  await queues.delete();
  sns.destroy();
  sqs.destroy();
});

describe("SnsNotifier", () => {
  it("deliver() to a topic brings text for people, and the alert itself for programs", async () => {
    const notifier = new SnsNotifier({ client: sns, topicArn });

    expect(await notifier.deliver(ALERT, { kind: "topic" })).toEqual({ delivered: true });

    const message = await eventually(nextMessage);
    expect(message.Body).toContain('the third time: "\u{1f514}" \ufffd <rung> & heard');
    expect(JSON.parse(message.MessageAttributes?.["alert"]?.StringValue ?? "")).toEqual(ALERT);
    expect(message.MessageAttributes?.["namespace"]?.StringValue).toBe("default");
  });

  it("deliver() to a topic that there is not is refused for good", async () => {
    const notifier = new SnsNotifier({ client: sns });
    const result = await notifier.deliver(ALERT, { kind: "topic", arn: `${topicArn}-gone` });

    expect(result).toMatchObject({ delivered: false, retryable: false });
  });

  it("deliver() to what is no phone number is refused without asking the service", async () => {
    const result = await new SnsNotifier({ client: sns }).deliver(ALERT, { kind: "sms", phoneNumber: "911" });

    expect(result).toMatchObject({ delivered: false, retryable: false });
  });
});

async function nextMessage(): Promise<Message | undefined> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MessageAttributeNames: ["All"],
    WaitTimeSeconds: 1,
  });
  return (await sqs.send(command)).Messages?.[0];
}
