import type { AwsAnswer, AwsRequest } from "../cloud/host/aws-request.ts";
import { chargeOf } from "../cloud/host/charges.ts";
import type { Meter } from "../cloud/host/meter.ts";

export interface MeteredHandlerOptions {
  readonly service: string;
  /** Under whose name the meter adds up. */
  readonly caller: string;
  readonly meter: Meter;
  readonly serve: (request: AwsRequest) => Promise<AwsAnswer>;
}

/** The parts of the SDK's HTTP messages that matter here. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Stands in for the network beneath an SDK client of a JSON protocol: what the client asks for is charged as the service
 * would, by the rules of the cloud test host, and served in this process.
 */
export function meteredHandler({ service, caller, meter, serve }: MeteredHandlerOptions) {
  return {
    async handle(sdkRequest: SdkRequest): Promise<{ response: SdkResponse }> {
      const request = awsRequestOf(service, sdkRequest);
      const charge = chargeOf(request);
      const { answer, consumed } = await charge.settle(await serve(charge.request), serve);
      meter.record({ service, action: request.operation, caller }, consumed);
      return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
    },
  };
}

function awsRequestOf(service: string, { method, path, headers, body }: SdkRequest): AwsRequest {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : Uint8Array.from(body);
  return {
    service,
    operation: headers["x-amz-target"]?.split(".").at(-1) ?? "",
    accessKey: "",
    method,
    path,
    headers,
    body: bytes,
    input: JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>,
    signal: NEVER,
  };
}

const NEVER = new AbortController().signal;
