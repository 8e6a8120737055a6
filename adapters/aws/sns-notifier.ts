import { PublishCommand, type PublishCommandInput, type SNSClient, SNSServiceException } from "@aws-sdk/client-sns";
import type { Alert, Channel, DeliveryResult } from "../../core/ports/notifier.ts";
import { portError } from "./sdk-errors.ts";
import { smsText, topicMessage } from "./sns-message.ts";

export interface SnsNotifierOptions {
  readonly client: SNSClient;
  /** The topic of channels that name none. */
  readonly topicArn?: string;
}

/**
 * Delivers alerts by SNS: to a topic, whose subscribers get an email or whatever they subscribed with, or as one SMS.
 * Delivered means that SNS has taken it. Prices (us-east-1): $0.50 for a million alerts, $2.00 for 100,000 emails; an SMS
 * by country, in the United States about a cent.
 */
export class SnsNotifier {
  readonly #client: SNSClient;
  readonly #topicArn: string | undefined;

  constructor({ client, topicArn }: SnsNotifierOptions) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async deliver(alert: Alert, channel: Extract<Channel, { kind: "topic" | "sms" }>): Promise<DeliveryResult> {
    return channel.kind === "sms"
      ? this.#deliverSms(alert, channel.phoneNumber)
      : this.#deliverToTopic(alert, channel.arn ?? this.#topicArn);
  }

  async #deliverToTopic(alert: Alert, arn: string | undefined): Promise<DeliveryResult> {
    if (arn === undefined) return refused("the channel names no topic, and the installation has none");
    if (!TOPIC_ARN.test(arn)) return refused(`${JSON.stringify(arn)} is not the ARN of a standard topic of SNS`);
    return this.#publish(`topic ${arn}`, { TopicArn: arn, ...topicMessage(alert) });
  }

  async #deliverSms(alert: Alert, phoneNumber: string): Promise<DeliveryResult> {
    if (!PHONE_NUMBER.test(phoneNumber)) {
      return refused(`${JSON.stringify(phoneNumber)} is not a phone number in the form of E.164, such as +14155550123`);
    }
    return this.#publish(`phone number ${phoneNumber}`, {
      PhoneNumber: phoneNumber,
      Message: smsText(alert),
      MessageAttributes: { "AWS.SNS.SMS.SMSType": { DataType: "String", StringValue: "Transactional" } },
    });
  }

  async #publish(target: string, input: PublishCommandInput): Promise<DeliveryResult> {
    try {
      await this.#client.send(new PublishCommand(input));
      return { delivered: true };
    } catch (error) {
      const { code, message } = portError(`Cannot publish to ${target}`, error);
      const retryable = code === "THROTTLED" || (code !== "INVALID" && mayPass(error));
      return { delivered: false, retryable, reason: message };
    }
  }
}

/** One of FIFO ends in `.fifo`, wants a group with each message, and delivers no emails. */
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/;
const PHONE_NUMBER = /^\+[1-9]\d{1,14}$/;

/** Refusals that the next attempt need not meet: credentials are renewed, a request comes sooner. */
const PASSING = /^(?:ExpiredToken|RequestExpired|RequestTimeout)/;

/** Whether trying again may help: not when the service found fault with the request itself. */
function mayPass(error: unknown): boolean {
  return !(error instanceof SNSServiceException) || error.$fault === "server" || PASSING.test(error.name);
}

function refused(reason: string): DeliveryResult {
  return { delivered: false, retryable: false, reason };
}
