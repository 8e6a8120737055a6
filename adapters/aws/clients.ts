import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

/** What every SDK client takes alike: how to speak HTTP, and how to retry. */
export type ClientConfig = Pick<DynamoDBClientConfig, "requestHandler" | "retryMode" | "maxAttempts">;

export interface ClientOptions {
  /** Answers requests in place of the network. Time-outs are then its own affair. */
  readonly requestHandler?: NonNullable<DynamoDBClientConfig["requestHandler"]>;
  /** From sending a request to the end of its answer, per attempt. Longer than a long poll waits. Default 5 s. */
  readonly requestTimeoutMs?: number;
  /** Attempts of one call, the first included. Default 4. */
  readonly maxAttempts?: number;
}

/** Opening a connection takes a few milliseconds within a region: a second means that nobody answers. */
const CONNECTION_TIMEOUT_MS = 1_000;

/**
 * The settings of every SDK client: `new SQSClient(clientConfig({ requestTimeoutMs: 25_000 }))`.
 *
 * Connections are kept alive, which is the SDK's default. Retries are of mode `standard`: exponential, with full jitter,
 * and bounded by a quota per client, so that a service in trouble is not buried. Region, credentials and endpoints come
 * from the SDK's own variables (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_DYNAMODB`, ...) and nowhere else:
 * an emulator or a private endpoint stands in without a change of code.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function clientConfig(options: ClientOptions = {}): ClientConfig {
  const { requestTimeoutMs = 5_000, maxAttempts = 4 } = options;
  const requestHandler = options.requestHandler ?? {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    // Without this the SDK merely logs that a request takes too long, and goes on waiting for it.
    throwOnRequestTimeout: true,
  };
  return { requestHandler, retryMode: "standard", maxAttempts };
}
