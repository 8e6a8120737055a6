import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { buildApp } from "fauxqs";
import type { Backend } from "./aws-front.ts";
import type { AwsAnswer, AwsRequest } from "./aws-request.ts";
import type { Deployment } from "./deployment.ts";
import { REGION } from "./identity.ts";

/** What of a queue's definition an emulator understands, by the attribute of SQS. */
const QUEUE_ATTRIBUTES: Readonly<Record<string, string>> = {
  VisibilityTimeout: "VisibilityTimeout",
  MessageRetentionPeriod: "MessageRetentionPeriod",
  ReceiveMessageWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  DelaySeconds: "DelaySeconds",
};

/** DynamoDB, SQS and SNS inside this process, with the tables, queues and topics of the templates. */
export class Emulators {
  readonly #dynalite: Server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  readonly #fauxqs = buildApp({ logger: false, defaultRegion: REGION });

  static async open(deployment: Deployment): Promise<Emulators> {
    const emulators = new Emulators();
    await once(emulators.#dynalite.listen(0, "127.0.0.1"), "listening");
    for (const { name, properties } of deployment.all("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table"))
      await emulators.#createTable(name, properties);
    const queues = deployment.all("AWS::SQS::Queue");
    // Dead letters first: the others refer to them.
    for (const isSource of [false, true])
      for (const { name, properties } of queues)
        if ("RedrivePolicy" in properties === isSource) await emulators.#createQueue(name, properties);
    for (const { name } of deployment.all("AWS::SNS::Topic"))
      await emulators.#askSns(new URLSearchParams({ Action: "CreateTopic", Name: name, Version: "2010-03-31" }));
    return emulators;
  }

  /** Requests that the table service works on. */
  readonly #unfinished = new Set<Promise<AwsAnswer>>();

  readonly dynamodb: Backend = (request) => {
    const answering = this.#forward(request).finally(() => this.#unfinished.delete(answering));
    this.#unfinished.add(answering);
    return answering;
  };

  readonly sqs: Backend = async (request) => {
    const answer = await this.#inject(request);
    if (request.operation === "ReceiveMessage" && request.signal.aborted) await this.#giveBack(request, answer);
    return answer;
  };

  readonly sns: Backend = (request) => this.#inject(request);

  /** Puts a message into a queue, as a service does that delivers there. */
  async send(queueUrl: string, body: string): Promise<void> {
    await this.askSqs("SendMessage", { QueueUrl: queueUrl, MessageBody: body });
  }

  /** Asks the queue service past all that is in front of it, as other services do that work with queues. */
  async askSqs(operation: string, input: object): Promise<unknown> {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
    };
    const answer = await this.#inject({ headers, body: Uint8Array.from(Buffer.from(JSON.stringify(input))) });
    return readAnswer(operation, answer.status, new TextDecoder().decode(answer.body));
  }

  async close(): Promise<void> {
    await this.#fauxqs.close();
    // A request that is cut off would go on in a database that is closed.
    await Promise.allSettled(this.#unfinished);
    this.#dynalite.closeAllConnections();
    await new Promise((resolve) => this.#dynalite.close(resolve));
  }

  async #forward(request: AwsRequest): Promise<AwsAnswer> {
    const { port } = this.#dynalite.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: pick(request.headers, ["authorization", "content-type", "x-amz-date", "x-amz-target", "host"]),
      body: request.body,
    });
    const headers = { "content-type": "application/x-amz-json-1.0" };
    return { status: response.status, headers, body: new Uint8Array(await response.arrayBuffer()) };
  }

  async #createTable(name: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } = properties;
    const input = {
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema,
      AttributeDefinitions,
      ...(GlobalSecondaryIndexes !== undefined && { GlobalSecondaryIndexes }),
      ...(LocalSecondaryIndexes !== undefined && { LocalSecondaryIndexes }),
    };
    await this.#askDynamo("CreateTable", input);
    for (;;) {
      const { Table } = (await this.#askDynamo("DescribeTable", { TableName: name })) as {
        Table?: { TableStatus: string };
      };
      if (Table?.TableStatus === "ACTIVE") return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #createQueue(name: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
    const attributes = Object.entries(QUEUE_ATTRIBUTES).flatMap(([property, attribute]) =>
      properties[property] === undefined ? [] : [[attribute, `${properties[property] as number}`]],
    );
    const { RedrivePolicy } = properties;
    if (RedrivePolicy !== undefined) attributes.push(["RedrivePolicy", JSON.stringify(RedrivePolicy)]);
    await this.askSqs("CreateQueue", { QueueName: name, Attributes: Object.fromEntries(attributes) });
  }

  /** SQS notices that a receiver hung up and keeps its messages for the next; the emulator has handed them out. */
  async #giveBack({ input }: AwsRequest, { body }: AwsAnswer): Promise<void> {
    const { Messages = [] } = JSON.parse(new TextDecoder().decode(body)) as {
      Messages?: { ReceiptHandle: string }[];
    };
    for (const { ReceiptHandle } of Messages)
      await this.askSqs("ChangeMessageVisibility", {
        QueueUrl: input["QueueUrl"],
        ReceiptHandle,
        VisibilityTimeout: 0,
      });
  }

  async #inject({ headers, body }: Pick<AwsRequest, "headers" | "body">): Promise<AwsAnswer> {
    const {
      statusCode,
      rawPayload,
      headers: answered,
    } = await this.#fauxqs.inject({
      method: "POST",
      url: "/",
      headers: pick(headers, ["authorization", "content-type", "x-amz-target"]),
      payload: Buffer.from(body),
    });
    const type = String(answered["content-type"] ?? "application/x-amz-json-1.0");
    return { status: statusCode, headers: { "content-type": type }, body: Uint8Array.from(rawPayload) };
  }

  async #askDynamo(operation: string, input: object): Promise<unknown> {
    const { port } = this.#dynalite.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=host/20260101/${REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
        "content-type": "application/x-amz-json-1.0",
        "x-amz-date": "20260101T000000Z",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify(input),
    });
    return readAnswer(operation, response.status, await response.text());
  }

  async #askSns(form: URLSearchParams): Promise<void> {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `AWS4-HMAC-SHA256 Credential=host/20260101/${REGION}/sns/aws4_request, SignedHeaders=host, Signature=0`,
    };
    const { status, body } = await this.#inject({ headers, body: Uint8Array.from(Buffer.from(form.toString())) });
    if (status !== 200) throw new Error(`Cannot create a topic: ${new TextDecoder().decode(body)}`);
  }
}

function readAnswer(operation: string, status: number, text: string): unknown {
  if (status !== 200) throw new Error(`Cannot set the emulators up: ${operation} gives ${status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as unknown);
}

function pick(headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}
