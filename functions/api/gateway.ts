import type { APIGatewayProxyEventV2WithLambdaAuthorizer, Context as LambdaContext } from "aws-lambda";
import type { Context } from "hono";
import type { Authenticate } from "../../api/app.ts";
import { problem, ProblemError } from "../../api/contract/problem.ts";
import type { Clock } from "../../core/ports/clock.ts";
import { findPrincipal } from "../shared/principal-context.ts";

/** A request to the HTTP API, payload version 2.0. Public routes come without an authorizer's word. */
export type GatewayEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<Readonly<Record<string, unknown>>>;

/** What the app is told of the event behind a request. */
export interface GatewayBindings {
  readonly event: GatewayEvent;
  readonly lambda: LambdaContext;
}

/**
 * Takes the authorizer's word for who makes a request; never that of a header. The word may be some minutes old, as API
 * Gateway remembers it: a token that has expired meanwhile is refused here.
 */
export function authenticatedByGateway(clock: Pick<Clock, "nowMs">): Authenticate {
  return (_request, context) => {
    const principal = findPrincipal(eventOf(context).requestContext.authorizer?.lambda);
    if (principal === undefined) {
      const detail = "The request must have come through the authorizer, with a bearer token";
      throw new ProblemError(problem("unauthenticated", detail), { headers: { "WWW-Authenticate": "Bearer" } });
    }
    if ((principal.expiresAtMs ?? Infinity) <= clock.nowMs()) {
      throw new ProblemError(problem("token-invalid", "The token is not valid"), {
        headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
      });
    }
    return Promise.resolve(principal);
  };
}

/** The address that a request came from, as API Gateway saw it. */
export function gatewayAddress(context: Context): string {
  return eventOf(context).requestContext.http.sourceIp;
}

function eventOf(context: Context): GatewayEvent {
  return (context.env as GatewayBindings).event;
}
