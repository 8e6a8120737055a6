import { SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { sqsClientConfig } from "../../../adapters/aws/sqs-client-config.ts";

/** A request of the SDK to SQS. */
export interface SqsRequest {
  /** Such as `SendMessageBatch`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** How long the client waits for the answer, where the call says so itself. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface SqsAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sees a request on its way to the emulator; what `pass` resolves to is the emulator's answer. */
export type Intercept = (request: SqsRequest, pass: () => Promise<SqsAnswer>) => Promise<SqsAnswer>;

const REGION = "us-east-1";
const ACCOUNT = "000000000000";

/** An SQS inside this process, which the SDK reaches without a socket. */
export class Fauxqs {
  /** What the URLs of all queues begin with. */
  readonly urlPrefix = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/carillon-`;
  /** Every request of its clients so far. */
  readonly requests: SqsRequest[] = [];
  intercept: Intercept = (_, pass) => pass();
  readonly #app = buildApp({ logger: false, defaultRegion: REGION });

  /** Ends long polls; requests to come fail. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  /** Creates queues `<pool>-<priority>`, each with its dead letters. */
  async createQueues(names: readonly string[], { maxReceives = 20 }: { maxReceives?: number } = {}): Promise<void> {
    for (const name of names) {
      const deadName = `carillon-${name}-dead`;
      const deadLetterTargetArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${deadName}`;
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: maxReceives });
      await this.#ask({ operation: "CreateQueue", input: { QueueName: deadName } });
      await this.#ask({
        operation: "CreateQueue",
        input: { QueueName: `carillon-${name}`, Attributes: { RedrivePolicy } },
      });
    }
  }

  /** A client with the product's settings, but for retries: what goes wrong is seen at once. */
  client(): SQSClient {
    const requestHandler = {
      handle: (request: Request, options?: { requestTimeout?: number }) =>
        this.#handle(request, options?.requestTimeout),
    };
    return new SQSClient({
      ...sqsClientConfig({ maxAttempts: 1, requestHandler }),
      region: REGION,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  }

  /** How often clients asked for an operation. */
  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  async #handle({ headers, body }: Request, requestTimeoutMs?: number): Promise<{ response: Response }> {
    const operation = headers["x-amz-target"]?.replace("AmazonSQS.", "") ?? "";
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    const request: SqsRequest = { operation, input: JSON.parse(text) as SqsRequest["input"], requestTimeoutMs };
    this.requests.push(request);
    const answer = await this.intercept(request, () => this.#ask(request));
    const type = { "content-type": "application/x-amz-json-1.0" };
    const bytes = new TextEncoder().encode(JSON.stringify(answer.body));
    return { response: { statusCode: answer.status, headers: type, body: bytes } };
  }

  async #ask({ operation, input }: SqsRequest): Promise<SqsAnswer> {
    const { statusCode, payload } = await this.#app.inject({
      method: "POST",
      url: "/",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${operation}` },
      payload: JSON.stringify(input),
    });
    return { status: statusCode, body: JSON.parse(payload) as SqsAnswer["body"] };
  }
}

/** The parts of the SDK's HTTP messages that matter here. */
interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
