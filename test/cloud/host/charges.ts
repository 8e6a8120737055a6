import type { AwsAnswer, AwsRequest } from "./aws-request.ts";
import { dynamoCharge } from "./dynamo-charge.ts";
import type { Consumption } from "./meter.ts";

/** How a request is charged: what is sent on in its place, and what its answer says. */
export interface Charge {
  readonly request: AwsRequest;
  settle(
    answer: AwsAnswer,
    ask: (request: AwsRequest) => Promise<AwsAnswer>,
  ): Promise<{ readonly answer: AwsAnswer; readonly consumed: Partial<Consumption> }>;
}

/** SQS and SNS charge a request for each 64 KB of its payload. @see https://aws.amazon.com/sqs/pricing/ */
const CHUNK_BYTES = 64 * 1_024;
/** What CloudWatch Logs adds to each event. @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const LOG_EVENT_BYTES = 26;

export function chargeOf(request: AwsRequest): Charge {
  if (request.service === "dynamodb") return dynamoCharge(request);
  return {
    request,
    settle: (answer) => Promise.resolve({ answer, consumed: { requests: 1, ...ordinary(request, answer) } }),
  };
}

function ordinary(request: AwsRequest, answer: AwsAnswer): Partial<Consumption> {
  const bytes = request.body.byteLength;
  switch (request.service) {
    case "sqs": {
      // What is received is payload too.
      const payload = request.operation === "ReceiveMessage" ? answer.body.byteLength : bytes;
      return { bytes, chargedRequests: Math.max(1, Math.ceil(payload / CHUNK_BYTES)) };
    }
    case "sns":
      return { bytes, chargedRequests: Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) };
    case "logs":
      return { bytes: logBytes(request), chargedRequests: 1 };
    default:
      return { bytes, chargedRequests: 1 };
  }
}

function logBytes({ operation, input }: AwsRequest): number {
  if (operation !== "PutLogEvents") return 0;
  const events = (input["logEvents"] ?? []) as readonly { readonly message: string }[];
  return events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + LOG_EVENT_BYTES, 0);
}
