import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";

/** Queues of one test file, each with its dead letters as the product lays them out. */
export class TestQueues {
  readonly #client: SQSClient;
  readonly #installation: string;
  readonly #urls: string[] = [];

  constructor(client: SQSClient, installation: string) {
    this.#client = client;
    this.#installation = installation;
  }

  /** Creates the queue `<installation>-<name>`; gives what the URLs of the installation's queues begin with. */
  async create(name: string, { maxReceives }: { readonly maxReceives: number }): Promise<string> {
    const deadUrl = await this.createOne(`${name}-dead`);
    const deadLetterTargetArn = await this.arnOf(deadUrl);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: maxReceives });
    const url = await this.createOne(name, { RedrivePolicy });
    return url.slice(0, url.length - name.length);
  }

  /** A queue without dead letters; gives its URL. */
  async createOne(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const QueueName = `${this.#installation}-${name}`;
    const { QueueUrl = "" } = await this.#client.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
    this.#urls.push(QueueUrl);
    return QueueUrl;
  }

  async arnOf(url: string): Promise<string> {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] });
    const { Attributes } = await this.#client.send(command);
    return Attributes?.["QueueArn"] ?? "";
  }

  async delete(): Promise<void> {
    for (const QueueUrl of this.#urls.splice(0)) await this.#client.send(new DeleteQueueCommand({ QueueUrl }));
  }
}
