import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import dynalite from "dynalite";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { DynamoTable } from "../../adapters/aws/dynamo-table.ts";
import { sqsClientConfig } from "../../adapters/aws/sqs-client-config.ts";
import { SqsQueue } from "../../adapters/aws/sqs-queue.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Random } from "../../core/ports/random.ts";
import type { AwsAnswer, AwsRequest } from "../cloud/host/aws-request.ts";
import { Meter } from "../cloud/host/meter.ts";
import { createTable } from "../support/aws/dynalite.ts";
import { ClockSqs } from "./clock-sqs.ts";
import { meteredHandler } from "./metered-handler.ts";

const TABLE = "carillon";
const QUEUE_PREFIX = "carillon-";
const URL_PREFIX = `https://sqs.us-east-1.amazonaws.com/123456789012/${QUEUE_PREFIX}`;
const ACCOUNT = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
/** Turns of the event loop in which nothing may be asked of DynamoDB before what is left waits for time to pass. */
const QUIET_TURNS = 4;
const PASSED_ON = ["authorization", "content-type", "x-amz-date", "x-amz-target"];

/**
 * DynamoDB and SQS as far as the engine uses them, with a meter at their door. DynamoDB is dynalite, which tells the units
 * of each request; the queues stand on a clock of the test's. The rules of the meter are those of the cloud test host.
 */
export class LittleAws {
  readonly meter = new Meter();
  readonly #server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  readonly #sqs: ClockSqs;
  readonly #clock: Clock;
  readonly #clients: { destroy(): void }[] = [];
  #asked = 0;
  #pending = 0;

  private constructor(clock: Clock) {
    this.#clock = clock;
    this.#sqs = new ClockSqs(clock);
  }

  static async open(clock: Clock): Promise<LittleAws> {
    const aws = new LittleAws(clock);
    await once(aws.#server.listen(0, "127.0.0.1"), "listening");
    await createTable(aws.#dynamoClient("set-up"), TABLE);
    return aws;
  }

  /** Table and queue of one caller of the meter. */
  ports(caller: string, random: Random): { readonly table: DynamoTable; readonly queue: SqsQueue } {
    const requestHandler = meteredHandler({
      service: "sqs",
      caller,
      meter: this.meter,
      serve: (request) => this.#sqs.serve(request),
    });
    const client = new SQSClient({ ...sqsClientConfig({ requestHandler }), ...ACCOUNT });
    this.#clients.push(client);
    return {
      table: new DynamoTable({ client: this.#dynamoClient(caller), tableName: TABLE }),
      queue: new SqsQueue({ client, urlPrefix: URL_PREFIX, clock: this.#clock, random }),
    };
  }

  /** How many messages of a queue, such as `default-normal`, could be received now. It goes past the meter. */
  visible(queue: string): Promise<number> {
    return this.#sqs.visible(`${QUEUE_PREFIX}${queue}`);
  }

  /** Resolves when nothing goes on any more but what waits for time to pass. */
  async quiet(): Promise<void> {
    for (let turns = 0, asked = this.#asked; turns < QUIET_TURNS; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#pending > 0 || this.#asked > asked) [turns, asked] = [-1, this.#asked];
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #dynamoClient(caller: string): DynamoDBClient {
    const requestHandler = meteredHandler({
      service: "dynamodb",
      caller,
      meter: this.meter,
      serve: (request) => this.#askDynamo(request),
    });
    const client = new DynamoDBClient({ ...clientConfig({ requestHandler }), ...ACCOUNT });
    this.#clients.push(client);
    return client;
  }

  async #askDynamo({ headers, body }: AwsRequest): Promise<AwsAnswer> {
    this.#asked += 1;
    this.#pending += 1;
    try {
      const { port } = this.#server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        headers: Object.fromEntries(PASSED_ON.map((name) => [name, headers[name] ?? ""])),
        body,
      });
      const type = { "content-type": "application/x-amz-json-1.0" };
      return { status: response.status, headers: type, body: new Uint8Array(await response.arrayBuffer()) };
    } finally {
      this.#pending -= 1;
    }
  }
}
