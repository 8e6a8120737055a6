import type { SQSEvent } from "aws-lambda";
import type { ReceivedMessage } from "../../../core/ports/queue.ts";

/** Received messages as Lambda gives them to a function; a message is called by its receipt. */
export function sqsEvent(messages: readonly ReceivedMessage[]): SQSEvent {
  return {
    Records: messages.map(({ body, group, receipt, receives }) => ({
      messageId: receipt,
      receiptHandle: receipt,
      body,
      attributes: {
        ApproximateReceiveCount: `${receives}`,
        SentTimestamp: "0",
        SenderId: "AIDA",
        ApproximateFirstReceiveTimestamp: "0",
        MessageGroupId: group,
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:carillon-engine-normal",
      awsRegion: "eu-west-1",
    })),
  };
}
