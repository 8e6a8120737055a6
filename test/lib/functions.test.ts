import { describe, expect, it } from "vitest";
import { adminVariables } from "../../functions/admin/environment.ts";
import { alertsVariables } from "../../functions/alerts/environment.ts";
import { apiVariables } from "../../functions/api/environment.ts";
import { authorizerVariables } from "../../functions/authorizer/environment.ts";
import { engineVariables } from "../../functions/engine/environment.ts";
import { FUNCTION_NAMES, type FunctionName } from "../../functions/names.ts";
import { settleVariables } from "../../functions/settle/environment.ts";
import { readEnvironment, type Variables } from "../../functions/shared/read-environment.ts";
import { tickVariables } from "../../functions/tick/environment.ts";
import { readAwsEnvironment } from "../../worker/aws-environment.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const VARIABLES: Readonly<Record<FunctionName, Variables>> = {
  api: apiVariables,
  authorizer: authorizerVariables,
  tick: tickVariables,
  settle: settleVariables,
  engine: engineVariables,
  alerts: alertsVariables,
  admin: adminVariables,
};

const assembly = synthesise({
  alarms: { webhooks: [{ url: "https://example.com/hook" }] },
  knobs: { lookAheadMs: 300_000 },
  allow: ["billing=10.1.0.0/16"],
  executors: ["http", "container"],
  scheduler: { groups: 2 },
});
const deployment = readTemplates(assembly);

function tracingModes(tracing: boolean): ReadonlySet<string | undefined> {
  const functions = templatesOf(synthesise({ tracing })).resources("AWS::Lambda::Function");
  return new Set(
    functions.map(({ properties }) => (properties["TracingConfig"] as { Mode: string } | undefined)?.Mode),
  );
}

describe("the functions", () => {
  it.each(FUNCTION_NAMES)("%s is deployed once, and can read its environment", (name) => {
    const found = deployment.functions.filter((each) => each.function === name);
    expect(found).toHaveLength(1);
    expect(() => readEnvironment(name, VARIABLES[name], found[0]?.environment ?? {})).not.toThrow();
  });

  it.each(FUNCTION_NAMES)("%s is given no variable of Carillon's that it does not read", (name) => {
    const known = Object.values(VARIABLES[name]).map((variable) => variable.name);
    const [found] = deployment.functions.filter((each) => each.function === name);
    const given = Object.keys(found?.environment ?? {}).filter((variable) => variable.startsWith("CARILLON_"));
    expect(given.filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it("hand on knobs and private targets to all who need them", () => {
    const [api] = deployment.functions.filter((each) => each.function === "api");
    const read = readEnvironment("api", apiVariables, api?.environment ?? {});
    expect(read).toMatchObject({ knobs: { lookAheadMs: 300_000 }, allow: ["billing=10.1.0.0/16"] });
    const worker = readAwsEnvironment(deployment.services[0]?.task.environment ?? {});
    expect(worker).toMatchObject({ knobs: { lookAheadMs: 300_000 }, allow: ["billing=10.1.0.0/16"] });
  });

  it("hand on which types of jobs there are to those who define and run them", () => {
    const [api] = deployment.functions.filter((each) => each.function === "api");
    for (const environment of [api?.environment, deployment.services[0]?.task.environment])
      expect(environment).toMatchObject({ CARILLON_EXECUTORS: '["http","container"]' });
  });

  it("tell the API how many groups of ticks there are", () => {
    const [api] = deployment.functions.filter((each) => each.function === "api");
    expect(api?.environment).toMatchObject({ CARILLON_TICK_GROUPS: "2" });
  });

  it("run on Node 24 and arm64, from a bundle of their own, and log JSON to a group of their own", () => {
    const functions = templatesOf(assembly).resources("AWS::Lambda::Function");
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        Handler: "index.handler",
        LoggingConfig: { LogFormat: "JSON", LogGroup: expect.stringMatching(/^\/carillon\/carillon\//) },
      });
      expect(properties).not.toHaveProperty("ReservedConcurrentExecutions");
    }
    expect(new Set(deployment.functions.map(({ handlerFolder }) => handlerFolder)).size).toBe(FUNCTION_NAMES.length);
    expect(new Set(deployment.functions.map(({ environment }) => environment["POWERTOOLS_SERVICE_NAME"]))).toEqual(
      new Set(FUNCTION_NAMES),
    );
  });

  it("end before whoever waits for them gives up", () => {
    const timeouts = Object.fromEntries(deployment.functions.map((each) => [each.function, each.timeoutMs]));
    expect(timeouts["api"]).toBeLessThan(30_000);
    expect(timeouts["authorizer"]).toBeLessThan(10_000);
    expect(timeouts["tick"]).toBeLessThan(60_000);
    expect(timeouts["settle"]).toBeLessThan(60_000);
  });

  it("keep what an asynchronous invocation failed on, and repeat only what does no harm", () => {
    const byName = Object.fromEntries(deployment.functions.map((each) => [each.function, each.whenInvokedAsync]));
    expect(byName["tick"]).toMatchObject({ retries: 0, onFailureArn: expect.stringContaining("WakeUpsUndelivered") });
    expect(byName["settle"]).toEqual(byName["tick"]);
    expect(byName["alerts"]).toMatchObject({ retries: 2, onFailureArn: expect.stringContaining("AlertsUndelivered") });
  });

  it("are traced only on demand, since traces are billed", () => {
    expect(tracingModes(false)).toEqual(new Set([undefined]));
    expect(tracingModes(true)).toEqual(new Set(["Active"]));
  });

  it("without webhooks there is no function that posts to them", () => {
    expect(readTemplates(synthesise()).functions.map((each) => each.function)).not.toContain("alerts");
  });
});
