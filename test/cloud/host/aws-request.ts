import type { IncomingMessage } from "node:http";

/** A request of an SDK client, taken apart as far as all services are alike. */
export interface AwsRequest {
  readonly service: string;
  /** Name of the operation, as the SDK names it. */
  readonly operation: string;
  readonly accessKey: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The fields of the input: JSON members, form fields, or path and query parameters with the JSON members. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Aborted when the client hangs up before it has its answer. */
  readonly signal: AbortSignal;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Operations of services whose protocol is REST. */
const REST_ROUTES: readonly (readonly [method: string, path: RegExp, operation: string])[] = [
  ["POST", /^\/schedules\/(?<Name>[^/]+)$/, "CreateSchedule"],
  ["PUT", /^\/schedules\/(?<Name>[^/]+)$/, "UpdateSchedule"],
  ["GET", /^\/schedules\/(?<Name>[^/]+)$/, "GetSchedule"],
  ["DELETE", /^\/schedules\/(?<Name>[^/]+)$/, "DeleteSchedule"],
  ["GET", /^\/schedules$/, "ListSchedules"],
  ["POST", /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/invocations$/, "Invoke"],
];

/** Reads a request: its service and caller from the signature, its operation from wherever the protocol puts it. */
export async function readAwsRequest(request: IncomingMessage, signal: AbortSignal): Promise<AwsRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const body = Uint8Array.from(Buffer.concat(chunks));
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : (value ?? ""),
    ]),
  );
  const { method = "GET", url = "/" } = request;
  const { accessKey, service } = readSignature(headers["authorization"] ?? "");
  const text = new TextDecoder().decode(body);
  const target = headers["x-amz-target"];
  const common = { service, accessKey, method, path: url, headers, body, signal };
  if (target !== undefined) return { ...common, operation: target.split(".").at(-1) ?? "", input: parseJson(text) };
  if ((headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")) {
    const fields = Object.fromEntries(new URLSearchParams(text));
    return { ...common, operation: fields["Action"] ?? "", input: fields };
  }
  const { pathname, searchParams } = new URL(url, "http://localhost");
  for (const [routeMethod, path, operation] of REST_ROUTES) {
    const match = path.exec(pathname);
    if (match === null || routeMethod !== method) continue;
    const parameters = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    const members = service === "lambda" ? {} : parseJson(text);
    const input = { ...members, ...Object.fromEntries(searchParams), ...Object.fromEntries(parameters) };
    return { ...common, operation, input };
  }
  throw new Error(`Cannot read a request: ${method} ${url} is no operation that is known here`);
}

/** `AWS4-HMAC-SHA256 Credential=<access key>/<date>/<region>/<service>/aws4_request, …` */
function readSignature(authorization: string): { accessKey: string; service: string } {
  const match = /Credential=(?<accessKey>[^/]+)\/\d+\/[^/]+\/(?<service>[^/]+)\/aws4_request/.exec(authorization);
  const { accessKey, service } = match?.groups ?? {};
  if (accessKey === undefined || service === undefined) throw new Error("Cannot read a request: it is not signed");
  return { accessKey, service };
}

function parseJson(text: string): Record<string, unknown> {
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}
