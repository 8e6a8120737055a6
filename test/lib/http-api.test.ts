import { describe, expect, it } from "vitest";
import { ROUTES } from "../../api/contract/routes.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const assembly = synthesise({ api: { rate: 50, burst: 75, authorizerCacheSeconds: 30 } });
const { httpApi, functions } = readTemplates(assembly);

describe("the HTTP API", () => {
  it("lets those routes pass without a token that the contract calls public, and no others", () => {
    const contract = Object.values(ROUTES).filter(({ role }) => role === "public");
    const open = httpApi.routes.filter(({ isPublic }) => isPublic);
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      contract.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort(),
    );
  });

  it("asks the authorizer for everything else, by the token alone", () => {
    const closed = httpApi.routes.filter(({ isPublic }) => !isPublic);
    expect(closed.map(({ method, path }) => `${method} ${path}`)).toEqual(["ANY /{proxy+}"]);
    expect(httpApi.authorizer).toEqual({
      functionArn: functions.find((each) => each.function === "authorizer")?.arn,
      cacheMs: 30_000,
      identitySource: ["$request.header.Authorization"],
    });
    const [authorizer] = templatesOf(assembly).resources("AWS::ApiGatewayV2::Authorizer");
    expect(authorizer?.properties).toMatchObject({
      EnableSimpleResponses: true,
      AuthorizerPayloadFormatVersion: "2.0",
    });
  });

  it("sends every route to the api function", () => {
    const api = functions.find((each) => each.function === "api");
    expect(new Set(httpApi.routes.map(({ targetArn }) => targetArn))).toEqual(new Set([api?.arn]));
  });

  it("is throttled as configured, and logs each request as JSON without its token", () => {
    const [stage] = templatesOf(assembly).resources("AWS::ApiGatewayV2::Stage");
    expect(stage?.properties).toMatchObject({
      StageName: "$default",
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 75 },
    });
    const { Format } = (stage?.properties["AccessLogSettings"] ?? {}) as { Format: string };
    expect(JSON.parse(Format)).toMatchObject({ requestId: "$context.requestId", status: "$context.status" });
    expect(Format.toLowerCase()).not.toContain("authorization");
  });
});
