import { describe, expect, it } from "vitest";
import { adminVariables } from "../../functions/admin/environment.ts";
import { alertsVariables } from "../../functions/alerts/environment.ts";
import { apiVariables } from "../../functions/api/environment.ts";
import { authorizerVariables } from "../../functions/authorizer/environment.ts";
import { engineVariables } from "../../functions/engine/environment.ts";
import { EXAMPLE_ENVIRONMENT } from "../../functions/example-environment.ts";
import { FUNCTION_NAMES, type FunctionName } from "../../functions/names.ts";
import { settleVariables } from "../../functions/settle/environment.ts";
import { readEnvironment, type Variables } from "../../functions/shared/read-environment.ts";
import { tickVariables } from "../../functions/tick/environment.ts";

const VARIABLES: Readonly<Record<FunctionName, Variables>> = {
  api: apiVariables,
  authorizer: authorizerVariables,
  tick: tickVariables,
  settle: settleVariables,
  engine: engineVariables,
  alerts: alertsVariables,
  admin: adminVariables,
};

const REQUIRED = FUNCTION_NAMES.flatMap((name) =>
  Object.values(VARIABLES[name]).flatMap((variable) =>
    "fallback" in variable ? [] : [[name, variable.name] as const],
  ),
);

function faultOf(name: FunctionName, change: Readonly<Record<string, string>>): string {
  try {
    readEnvironment(name, VARIABLES[name], { ...EXAMPLE_ENVIRONMENT, ...change });
    return "none";
  } catch (error) {
    return String(error);
  }
}

describe("the environment of a function", () => {
  it.each(FUNCTION_NAMES)("is enough for %s as the example has it", (name) => {
    expect(faultOf(name, {})).toBe("none");
  });

  it.each(REQUIRED)("stops %s at the start when %s is missing or empty", (name, variable) => {
    const { [variable]: _, ...without } = EXAMPLE_ENVIRONMENT;
    const message = `Cannot start function ${name}: ${variable} is missing`;

    expect(() => readEnvironment(name, VARIABLES[name], without)).toThrow(message);
    expect(faultOf(name, { [variable]: "" })).toContain(message);
  });

  it("names all that is missing at once", () => {
    expect(() => readEnvironment("tick", { a: tickVariables.table, b: tickVariables.cluster }, {})).toThrow(
      "Cannot start function tick: CARILLON_TABLE is missing; CARILLON_CLUSTER is missing",
    );
  });

  it.each([
    ["CARILLON_TABLE", "a b", 'must be the name of a DynamoDB table; got "a b"'],
    ["CARILLON_QUEUE_URL_PREFIX", "carillon-", "must be the address of a queue up to the name of its pool"],
    ["CARILLON_LOG_GROUP", "a b", "must be the name of a log group"],
    ["CARILLON_CLUSTER", "?", "must be the name or ARN of an ECS cluster"],
    ["CARILLON_INSTALLATION", "Carillon", "must be 1 to 40 of a-z, 0-9 and '-'; got \"Carillon\""],
    ["CARILLON_TIMER_GROUP", "a/b", "must be the name of a schedule group"],
    ["CARILLON_TIMER_SCHEDULE", "a/b", "must be the name of a schedule"],
    ["CARILLON_POOLS", "{", 'must be a JSON object; got "{"'],
    ["CARILLON_POOLS", "[]", "must be a JSON object"],
    ["CARILLON_POOLS", "{}", "must name a pool at least"],
    ["CARILLON_POOLS", '{"A":{}}', "must name each pool with 1 to 40 of a-z, 0-9 and '-'; got \"A\""],
    ["CARILLON_POOLS", '{"a":null}', 'must give pool "a" slots from 1 to 1000; got nothing'],
    ["CARILLON_POOLS", '{"a":{"slots":0,"minTasks":0,"maxTasks":1}}', 'must give pool "a" slots from 1 to 1000; got 0'],
    [
      "CARILLON_POOLS",
      '{"a":{"slots":1,"minTasks":2,"maxTasks":1}}',
      'must give pool "a" minTasks up to its maxTasks 1',
    ],
    ["CARILLON_KNOBS", '{"lookahead":1}', 'must hold known knobs; got "lookahead"'],
    ["CARILLON_KNOBS", '{"lookAheadMs":"1"}', 'must give knob lookAheadMs a number from 0; got "1"'],
    ["CARILLON_ALLOW", '"db:80"', "must be a JSON list of texts"],
    ["CARILLON_ALLOW", "[1]", "must be a JSON list of texts"],
  ])("refuses %s %s", (variable, value, rule) => {
    const name = variable === "CARILLON_TIMER_GROUP" ? "tick" : "api";

    expect(faultOf(name, { [variable]: value })).toContain(`Cannot start function ${name}: ${variable} ${rule}`);
  });

  it.each([
    ["{}", "must be a JSON list of { url, secretParameter }"],
    ['["https://hooks.example.com/S3CR3T"]', "must give entry 0 a url of http or https"],
    ['[{"url":"ftp://hooks.example.com/S3CR3T"}]', "must give entry 0 a url of http or https"],
    ['[{"url":"https://hooks.example.com/S3CR3T","secretParameter":""}]', "must give entry 0 as secretParameter"],
  ])("refuses webhooks %s without telling their addresses", (value, rule) => {
    const fault = faultOf("alerts", { CARILLON_WEBHOOKS: value });

    expect(fault).toContain(`CARILLON_WEBHOOKS ${rule}`);
    expect(fault).not.toContain("S3CR3T");
  });

  it("gives values of the right kind", () => {
    const source = {
      ...EXAMPLE_ENVIRONMENT,
      CARILLON_KNOBS: '{"shards":4}',
      CARILLON_ALLOW: '["default=db.internal:8080"]',
      CARILLON_POOLS: '{"default":{"slots":8,"minTasks":0,"maxTasks":10,"cpu":512}}',
    };

    expect(readEnvironment("api", apiVariables, source)).toMatchObject({
      table: "carillon",
      knobs: { shards: 4 },
      allow: ["default=db.internal:8080"],
      pools: { default: { slots: 8, minTasks: 0, maxTasks: 10 } },
    });
  });
});
