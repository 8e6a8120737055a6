import { randomUUID } from "node:crypto";
import type { AwsAnswer, AwsRequest } from "./aws-request.ts";
import type { CloudFunction } from "./cloud-function.ts";
import type { Deployment } from "./deployment.ts";

/** A message that a topic has sent to an address outside. */
export interface Delivery {
  readonly protocol: string;
  readonly endpoint: string;
  readonly subject: string;
  readonly message: string;
}

/** Delivers what is published to the subscriptions of the templates: to functions as events, to the rest on paper. */
export class Subscriptions {
  /** What went to email and text messages. */
  readonly deliveries: Delivery[] = [];
  readonly #deployment: Deployment;
  readonly #functions: () => ReadonlyMap<string, CloudFunction>;

  constructor(deployment: Deployment, functions: () => ReadonlyMap<string, CloudFunction>) {
    this.#deployment = deployment;
    this.#functions = functions;
  }

  /** To be told of a request to SNS with its answer. */
  published({ operation, input }: AwsRequest, { status }: Pick<AwsAnswer, "status">): void {
    if (operation !== "Publish" || status !== 200) return;
    const { TopicArn, Subject = "", Message = "" } = input as Readonly<Record<string, string>>;
    for (const { properties, arn } of this.#deployment.all("AWS::SNS::Subscription")) {
      const { Protocol, Endpoint, TopicArn: topic } = properties as Readonly<Record<string, string>>;
      if (topic !== TopicArn || Protocol === undefined || Endpoint === undefined) continue;
      if (Protocol !== "lambda") {
        this.deliveries.push({ protocol: Protocol, endpoint: Endpoint, subject: Subject, message: Message });
        continue;
      }
      const { name } = this.#deployment.get("AWS::Lambda::Function", Endpoint);
      const Sns = {
        Type: "Notification",
        MessageId: randomUUID(),
        TopicArn,
        Subject,
        Message,
        Timestamp: new Date().toISOString(),
        MessageAttributes: attributesOf(input),
      };
      const record = { EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: arn, Sns };
      void this.#functions()
        .get(name)
        ?.enqueue({ Records: [record] });
    }
  }
}

/** Message attributes come as form fields: `MessageAttributes.entry.1.Name`, `….Value.DataType`, `….Value.StringValue`. */
function attributesOf(input: AwsRequest["input"]): Record<string, { readonly Type: string; readonly Value: string }> {
  const names = Object.entries(input).filter(([field]) => /^MessageAttributes\.entry\.\d+\.Name$/.test(field));
  return Object.fromEntries(
    names.map(([field, name]) => {
      const value = field.replace(/Name$/, "Value");
      return [String(name), { Type: String(input[`${value}.DataType`]), Value: String(input[`${value}.StringValue`]) }];
    }),
  );
}
