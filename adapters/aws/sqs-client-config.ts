import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import { clientConfig, type ClientOptions } from "./clients.ts";

/**
 * The settings of the client of a `SqsQueue`: `new SQSClient(sqsClientConfig())`. It speaks to the endpoint of its
 * configuration: left alone, the SDK speaks to the host in the queue's URL, and `AWS_ENDPOINT_URL_SQS` (an emulator, a
 * private endpoint) is passed over.
 *
 * The request time-out may be shorter than a long poll: each receive sets its own.
 */
export function sqsClientConfig(options: ClientOptions = {}): SQSClientConfig {
  return { ...clientConfig(options), useQueueUrlAsEndpoint: false };
}
