import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerResult,
  APIGatewaySimpleAuthorizerWithContextResult,
} from "aws-lambda";
import type { Authenticator } from "../../api/access/authenticator.ts";
import { ProblemError } from "../../api/contract/problem.ts";
import type { FunctionLog } from "../shared/function-log.ts";
import { type PrincipalContext, principalContext } from "../shared/principal-context.ts";

export interface AuthorizerDeps {
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly log: FunctionLog;
}

export type AuthorizerResult =
  | APIGatewaySimpleAuthorizerResult
  | APIGatewaySimpleAuthorizerWithContextResult<PrincipalContext>;

/**
 * Finds out whose token a request carries, for API Gateway: who has none that is valid is refused there. What a principal
 * may do is the API's affair. When the table can't be read the invocation fails, and API Gateway answers 500: nobody is
 * called unauthorised because of that, and nothing of it is remembered.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function authorizerHandler({ authenticator, log }: AuthorizerDeps) {
  return async (event: APIGatewayRequestAuthorizerEventV2): Promise<AuthorizerResult> => {
    const { http, requestId } = event.requestContext;
    const request = { requestId, method: http.method, path: http.path, ip: http.sourceIp };
    try {
      const principal = await authenticator.authenticate(event.headers?.["authorization"] ?? null);
      log.info("authorized", { ...request, tokenId: principal.id });
      return { isAuthorized: true, context: principalContext(principal) };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      log.warn("refused", { ...request, problem: error.code });
      return { isAuthorized: false };
    }
  };
}
