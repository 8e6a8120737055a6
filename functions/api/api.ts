import type { APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { ProblemError } from "../../api/contract/problem.ts";
import type { GatewayBindings, GatewayEvent } from "./gateway.ts";
import { toRequest } from "./to-request.ts";
import { problemResult, toResult } from "./to-result.ts";

/** The part of the app that is used. */
export interface App {
  fetch(request: Request, bindings: GatewayBindings): Response | Promise<Response>;
}

/**
 * Answers requests of an HTTP API.
 *
 * @throws {TypeError} for an event of another kind
 */
export function apiHandler(app: App) {
  return async (event: GatewayEvent, lambda: Context): Promise<APIGatewayProxyStructuredResultV2> => {
    checkEvent(event);
    const { requestId } = event.requestContext;
    let request: Request;
    try {
      request = toRequest(event);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return problemResult({ ...error.problem, instance: requestId }, error.headers);
    }
    const response = await app.fetch(request, { event, lambda });
    return toResult(response, response.headers.get("carillon-request-id") ?? requestId);
  };
}

function checkEvent(event: Partial<GatewayEvent> | null): void {
  const isRequest = event?.version === "2.0" && event.requestContext?.http !== undefined;
  if (!isRequest)
    throw new TypeError("Cannot serve the event: it must be a request of an HTTP API, payload version 2.0");
}
