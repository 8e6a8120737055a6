import type { CloudFunction } from "./cloud-function.ts";
import type { Deployment } from "./deployment.ts";

export interface HttpAuthorizer {
  readonly function: CloudFunction;
  /** Headers in which the identity stands; without one of them nobody is asked. */
  readonly headers: readonly string[];
  readonly cacheMs: number;
}

export interface HttpRoute {
  readonly key: string;
  readonly method: string;
  readonly path: RegExp;
  readonly weight: number;
  readonly integration: CloudFunction;
  readonly timeoutMs: number;
  readonly authorizer: HttpAuthorizer | undefined;
}

interface RouteSources {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, CloudFunction>;
}

/** The routes of the HTTP API of the templates, with what they lead to. */
export function readRoutes({ deployment, functions }: RouteSources): HttpRoute[] {
  return deployment.all("AWS::ApiGatewayV2::Route").map(({ properties }) => {
    const { RouteKey, Target, AuthorizerId, AuthorizationType = "NONE" } = properties as Record<string, string>;
    const integration = deployment.get("AWS::ApiGatewayV2::Integration", (Target ?? "").replace("integrations/", ""));
    const { IntegrationUri, TimeoutInMillis = 30_000 } = integration.properties as {
      IntegrationUri: string;
      TimeoutInMillis?: number;
    };
    const key = RouteKey ?? "$default";
    const [method = "ANY", path = "/{proxy+}"] = key === "$default" ? [] : key.split(" ");
    return {
      key,
      method,
      path: pathPattern(path),
      weight: key === "$default" ? -1 : weigh(method, path),
      integration: functionOf(functions, deployment, IntegrationUri),
      timeoutMs: TimeoutInMillis,
      authorizer:
        AuthorizationType === "NONE" ? undefined : readAuthorizer({ deployment, functions }, AuthorizerId ?? ""),
    };
  });
}

function readAuthorizer({ deployment, functions }: RouteSources, id: string): HttpAuthorizer {
  const { properties } = deployment.get("AWS::ApiGatewayV2::Authorizer", id);
  const {
    AuthorizerUri,
    IdentitySource = [],
    AuthorizerResultTtlInSeconds = 0,
  } = properties as {
    AuthorizerUri: string;
    IdentitySource?: readonly string[];
    AuthorizerResultTtlInSeconds?: number;
  };
  return {
    function: functionOf(functions, deployment, AuthorizerUri),
    headers: IdentitySource.map((source) => source.replace("$request.header.", "").toLowerCase()),
    cacheMs: AuthorizerResultTtlInSeconds * 1_000,
  };
}

/** API Gateway may invoke a function only where a permission of the function says so. */
function functionOf(functions: ReadonlyMap<string, CloudFunction>, deployment: Deployment, uri: string): CloudFunction {
  const arn = /arn:aws:lambda:[^/]+:function:[^/]+/.exec(uri)?.[0] ?? uri;
  const { name, ref } = deployment.get("AWS::Lambda::Function", arn);
  const isPermitted = deployment
    .all("AWS::Lambda::Permission")
    .some(
      ({ properties: { Principal, FunctionName } }) =>
        Principal === "apigateway.amazonaws.com" && [arn, name, ref].includes(String(FunctionName)),
    );
  const found = functions.get(name);
  if (found === undefined || !isPermitted)
    throw new Error(`Cannot serve the HTTP API: it has no permission to invoke ${name}`);
  return found;
}

function pathPattern(path: string): RegExp {
  const source = path
    .split("/")
    .map((part) => (part.endsWith("+}") ? ".*" : part.startsWith("{") ? "[^/]+" : part.replaceAll(".", String.raw`\.`)))
    .join("/");
  return new RegExp(`^${source}$`);
}

/** Literal parts before variables, those before greedy ones, a named method before ANY. */
function weigh(method: string, path: string): number {
  const parts = path.split("/").map((part) => (part.endsWith("+}") ? 0 : part.startsWith("{") ? 10 : 100));
  return parts.reduce<number>((sum, part) => sum + part, 0) + (method === "ANY" ? 0 : 1);
}
