import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { CloudWatchLogsClientConfig } from "@aws-sdk/client-cloudwatch-logs";
import type { FakeLogs } from "./fake-logs.ts";

const JSON_1_1 = "application/x-amz-json-1.1";
const TARGET = "x-amz-target";

/** Answers the requests of an SDK client within the process: `new CloudWatchLogsClient({ requestHandler, ... })`. */
export function logsRequestHandler(logs: FakeLogs): NonNullable<CloudWatchLogsClientConfig["requestHandler"]> {
  return {
    handle: async (request: { readonly headers: Record<string, string>; readonly body: Uint8Array | string }) => {
      const target = Object.entries(request.headers).find(([name]) => name.toLowerCase() === TARGET)?.[1] ?? "";
      const input = typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body);
      const { status, body } = logs.handle(target, input);
      const headers = { "content-type": JSON_1_1 };
      return { response: { statusCode: status, headers, body: new TextEncoder().encode(body) } };
    },
  };
}

/** Answers the requests of other processes: `createServer(logsListener(logs))`, and its address in their environment. */
export function logsListener(logs: FakeLogs): (request: IncomingMessage, response: ServerResponse) => void {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, body } = logs.handle(String(request.headers[TARGET] ?? ""), await text(request));
    response.writeHead(status, { "content-type": JSON_1_1 }).end(body);
  };
  return (request, response) => void answer(request, response);
}
