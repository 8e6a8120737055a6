import { type Backend, jsonAnswer, jsonError } from "./aws-front.ts";
import type { CloudFunction } from "./cloud-function.ts";

/** The Lambda service: invocations by others than API Gateway, Scheduler and SNS. */
export function lambdaBackend(functions: () => ReadonlyMap<string, CloudFunction>): Backend {
  return async ({ input, headers, body }) => {
    const name = String(input["FunctionName"])
      .replace(/^arn:aws:lambda:[^:]+:[^:]+:function:/, "")
      .split(":")[0];
    const target = functions().get(name ?? "");
    if (target === undefined) return jsonError(404, "ResourceNotFoundException", `Function not found: ${name}`);
    const event: unknown = body.byteLength === 0 ? {} : JSON.parse(new TextDecoder().decode(body));
    if (headers["x-amz-invocation-type"] === "Event") {
      void target.enqueue(event);
      return jsonAnswer({}, 202);
    }
    const outcome = await target.invoke(event);
    if (outcome === undefined) return jsonError(429, "TooManyRequestsException", "Rate Exceeded.");
    if (outcome.ok) return { ...jsonAnswer({}), body: Uint8Array.from(Buffer.from(outcome.payload)) };
    const failed = jsonAnswer(outcome.error);
    return { ...failed, headers: { ...failed.headers, "x-amz-function-error": "Unhandled" } };
  };
}
