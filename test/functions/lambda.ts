import type { APIGatewayRequestAuthorizerEventV2, Context, SNSEvent } from "aws-lambda";
import type { GatewayEvent } from "../../functions/api/gateway.ts";
import type { FunctionLog } from "../../functions/shared/function-log.ts";
import { principalContext } from "../../functions/shared/principal-context.ts";
import type { Principal } from "../../api/access/principal.ts";

/** What Lambda gives beside the event. */
export function lambdaContext(fields: Partial<Context> = {}): Context {
  return {
    awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    callbackWaitsForEmptyEventLoop: true,
    functionName: "carillon-test",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:carillon-test",
    logGroupName: "/carillon/carillon/test",
    logStreamName: "2026/11/22/[$LATEST]0123456789abcdef",
    memoryLimitInMB: "512",
    getRemainingTimeInMillis: () => 55_000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
    ...fields,
  };
}

export interface GatewayRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly cookies?: string[];
  /** Whom the authorizer has told of; absent: the route has no authorizer. */
  readonly principal?: Principal;
}

/** A request as API Gateway's HTTP API gives it, payload version 2.0. */
export function gatewayEvent(method: string, path: string, request: GatewayRequest = {}): GatewayEvent {
  const { headers = {}, query = "", principal, isBase64Encoded = false, ...rest } = request;
  const domainName = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com";
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers: {
      accept: "*/*",
      host: domainName,
      "user-agent": "curl/8.11.0",
      "x-amzn-trace-id": "Root=1-6561e5c1-0f2d5a6b7c8d9e0f1a2b3c4d",
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      ...headers,
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "a1b2c3d4e5",
      domainName,
      domainPrefix: "a1b2c3d4e5",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "curl/8.11.0" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage: "$default",
      time: "22/Nov/2026:15:00:00 +0000",
      timeEpoch: 1_795_359_600_000,
      // API Gateway leaves it out on routes without an authorizer, whatever the type says.
      ...(principal === undefined
        ? ({} as Pick<GatewayEvent["requestContext"], "authorizer">)
        : { authorizer: { lambda: { ...principalContext(principal) } } }),
    },
    isBase64Encoded,
    ...rest,
  };
}

/** What API Gateway asks its authorizer. */
export function authorizerEvent(authorization: string | undefined): APIGatewayRequestAuthorizerEventV2 {
  const { headers, requestContext, rawPath, rawQueryString } = gatewayEvent("GET", "/v1/whoami");
  return {
    version: "2.0",
    type: "REQUEST",
    routeArn: "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/$default/GET/v1/whoami",
    identitySource: [authorization ?? ""],
    routeKey: "$default",
    rawPath,
    rawQueryString,
    cookies: [],
    headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    requestContext,
    pathParameters: {},
    stageVariables: {},
  };
}

/** A notice of a topic, as Lambda gets it. */
export function snsEvent(message: {
  readonly text: string;
  readonly subject?: string;
  readonly alert?: string;
}): SNSEvent {
  const { text, subject, alert } = message;
  const topicArn = "arn:aws:sns:eu-west-1:123456789012:carillon-alarms";
  return {
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: `${topicArn}:21be56ed-a058-49f5-8c98-aedd2564c486`,
        Sns: {
          Type: "Notification",
          MessageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
          TopicArn: topicArn,
          Message: text,
          Timestamp: "2026-11-22T15:00:01.000Z",
          SignatureVersion: "1",
          Signature: "EXAMPLE",
          SigningCertUrl: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
          UnsubscribeUrl: "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
          MessageAttributes: alert === undefined ? {} : { alert: { Type: "String", Value: alert } },
          ...(subject === undefined ? {} : { Subject: subject }),
        },
      },
    ],
  };
}

/** A log that a test reads. */
export class MemoryLog implements FunctionLog {
  readonly lines: {
    readonly level: string;
    readonly event: string;
    readonly fields: object;
    readonly error?: unknown;
  }[] = [];

  info(event: string, fields: object): void {
    this.lines.push({ level: "info", event, fields });
  }

  warn(event: string, fields: object): void {
    this.lines.push({ level: "warn", event, fields });
  }

  error(event: string, error: unknown, fields: object = {}): void {
    this.lines.push({ level: "error", event, fields, error });
  }

  /** Everything that was told. */
  get text(): string {
    return JSON.stringify(this.lines.map((line) => ({ ...line, error: String(line.error) })));
  }
}
