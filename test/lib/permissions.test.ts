import { describe, expect, it } from "vitest";
import { synthesise } from "../support/aws/synthesise.ts";
import { type DeployedFunction, type PolicyStatement, readTemplates, templatesOf } from "../support/aws/template.ts";

const assembly = synthesise({
  alarms: { webhooks: [{ url: "https://example.com/hook", secretParameter: "/carillon/secret" }] },
  lambdaFunctions: ["reports-*"],
  containerRoles: ["arn:aws:iam::123456789012:role/etl"],
});
const { functions, services, permissions, tables } = readTemplates(assembly);

function roleOf(name: DeployedFunction["function"]): readonly PolicyStatement[] {
  const found = functions.find((each) => each.function === name);
  return permissions.get(found?.roleArn ?? "") ?? [];
}

function resourcesOf(name: DeployedFunction["function"], action: string): readonly string[] | undefined {
  return roleOf(name).find(({ actions }) => actions.includes(action))?.resources;
}

const worker = permissions.get(services[0]?.task.roleArn ?? "") ?? [];

function actionsOf(statements: readonly PolicyStatement[]): readonly string[] {
  return [...new Set(statements.flatMap(({ actions }) => actions))].sort();
}

const LOG_WRITING = ["logs:CreateLogStream", "logs:PutLogEvents"];
/** To send to the queues of pools, too, which takes no more. */
const FAILURE_KEEPING = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"];
const ON_TOKENS = { "dynamodb:LeadingKeys": ["tokens"] };
const TABLE_USE = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
/** To show runs of workflows; see `state-machines.test.ts`. */
const SHOWING = /^states:|^iam:PassRole$/;

/** Actions that AWS binds to no resource. */
const KNOW_NO_RESOURCE = [
  "ecr:GetAuthorizationToken",
  "ecs:DescribeTaskDefinition",
  "ecs:ListTasks",
  "ecs:RegisterTaskDefinition",
  "states:SendTaskFailure",
  "states:SendTaskSuccess",
];

describe("permissions", () => {
  const all = [...permissions.values()].flat();

  it("name every action in full", () => {
    expect(actionsOf(all).filter((action) => action.includes("*"))).toEqual([]);
  });

  it("are for all resources only where AWS knows none", () => {
    const unbound = all.filter(({ resources }) => resources.includes("*"));
    expect(actionsOf(unbound)).toEqual(KNOW_NO_RESOURCE);
  });

  it("are a role's own: no managed policies, no two functions in one role", () => {
    for (const { properties } of templatesOf(assembly).resources("AWS::IAM::Role")) {
      expect(properties).not.toHaveProperty("ManagedPolicyArns");
    }
    expect(new Set(functions.map(({ roleArn }) => roleArn)).size).toBe(functions.length);
  });

  it("to hand over a role say to which service", () => {
    const passing = all.filter(({ actions }) => actions.includes("iam:PassRole"));
    expect(passing.length).toBeGreaterThan(0);
    for (const { conditions } of passing) expect(conditions).toHaveProperty(["StringEquals", "iam:PassedToService"]);
  });

  it("let the authorizer read tokens, and nothing else of the table", () => {
    expect(
      roleOf("authorizer").filter(({ actions }) => actions.some((action) => action.startsWith("dynamodb:"))),
    ).toEqual([
      {
        effect: "Allow",
        actions: ["dynamodb:GetItem"],
        resources: [tables[0]?.arn],
        conditions: { "ForAllValues:StringEquals": ON_TOKENS },
      },
    ]);
    expect(actionsOf(roleOf("authorizer"))).toEqual(["dynamodb:GetItem", ...LOG_WRITING]);
  });

  it("let the admin function add tokens, and see nothing else of the table", () => {
    expect(actionsOf(roleOf("admin"))).toEqual([
      "dynamodb:GetItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      ...LOG_WRITING,
    ]);
    for (const { actions, conditions } of roleOf("admin")) {
      if (!actions.includes("dynamodb:UpdateItem")) continue;
      expect(conditions).toEqual({ "ForAllValues:StringEquals": ON_TOKENS });
    }
  });

  it.each([
    ["tick", roleOf("tick")],
    ["settle", roleOf("settle")],
    ["engine", roleOf("engine")],
    ["worker", worker],
  ])("refuse tokens to the %s, whatever else it may do with the table", (_, statements) => {
    const denials = statements.filter(({ effect }) => effect === "Deny");
    expect(denials).toEqual([
      {
        effect: "Deny",
        actions: expect.arrayContaining(TABLE_USE),
        resources: [tables[0]?.arn],
        conditions: { "ForAnyValue:StringEquals": ON_TOKENS },
      },
    ]);
    const uses = statements.filter(({ actions, effect }) => effect === "Allow" && actions.includes("dynamodb:GetItem"));
    expect(actionsOf(denials)).toEqual(
      expect.arrayContaining(actionsOf(uses).filter((action) => action.startsWith("dynamodb:"))),
    );
  });

  it("leave tokens to the API, which makes, lists and revokes them", () => {
    expect(roleOf("api").filter(({ effect }) => effect === "Deny")).toEqual([]);
  });

  it("let the alerts function read the secrets that the configuration names", () => {
    expect(actionsOf(roleOf("alerts"))).toEqual([...LOG_WRITING, ...FAILURE_KEEPING, "ssm:GetParameter"]);
    expect(roleOf("alerts").find(({ actions }) => actions.includes("ssm:GetParameter"))?.resources).toEqual([
      "arn:aws:ssm:eu-west-1:123456789012:parameter/carillon/secret",
    ]);
  });

  it("let tick and API size pools and set the pace, beside reading and writing state", () => {
    const shared = [
      "ecs:DescribeServices",
      "ecs:UpdateService",
      "iam:PassRole",
      "scheduler:GetSchedule",
      "scheduler:UpdateSchedule",
    ];
    expect(actionsOf(roleOf("tick"))).toEqual([...TABLE_USE, ...shared, ...LOG_WRITING, ...FAILURE_KEEPING].sort());
    expect(actionsOf(roleOf("api"))).toEqual(
      [
        ...TABLE_USE,
        ...shared,
        ...LOG_WRITING,
        "logs:GetLogEvents",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ].sort(),
    );
  });

  it("let the API receive from dead letters alone: what waits for workers is theirs", () => {
    const receiving = roleOf("api").filter(({ actions }) => actions.includes("sqs:ReceiveMessage"));
    const queues = receiving.flatMap(({ resources }) => resources);
    expect(queues).toHaveLength(5);
    for (const queue of queues) expect(queue).toMatch(/-dead$/);
  });

  it("let the engine read its own queue and no other, and wake pools", () => {
    const receiving = roleOf("engine").filter(({ actions }) => actions.includes("sqs:ReceiveMessage"));
    expect(receiving.flatMap(({ resources }) => resources)).toEqual([
      expect.stringMatching(/Queuesenginenormal|:carillon-engine-normal$/),
    ]);
    expect(actionsOf(roleOf("engine")).filter((action) => !SHOWING.test(action))).toEqual(
      [
        ...TABLE_USE,
        ...LOG_WRITING,
        "ecs:DescribeServices",
        "ecs:UpdateService",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ].sort(),
    );
  });

  it.each([
    ["API", roleOf("api")],
    ["tick", roleOf("tick")],
    ["settle", roleOf("settle")],
    ["engine", roleOf("engine")],
    ["worker", worker],
  ])("let the %s send to the engine as to the pools", (_, statements) => {
    const sending = statements.filter(({ actions }) => actions.includes("sqs:SendMessage"));
    const names = sending.flatMap(({ resources }) => resources).map((arn) => arn.split(":").at(-1));
    expect(names).toEqual(expect.arrayContaining(["carillon-default-normal", "carillon-engine-normal"]));
    expect(names.filter((name) => name?.endsWith("-dead"))).toEqual([]);
  });

  it("bind the tick to the services of its pools and to its two schedules", () => {
    expect(resourcesOf("tick", "ecs:UpdateService")).toEqual([
      expect.stringMatching(/:service\/[^/]+\/carillon-default$/),
    ]);
    expect(resourcesOf("tick", "scheduler:UpdateSchedule")).toEqual([
      "arn:aws:scheduler:eu-west-1:123456789012:schedule/carillon/carillon-tick",
      "arn:aws:scheduler:eu-west-1:123456789012:schedule/carillon/carillon-tick-safety",
    ]);
  });

  it("bind the tick to the schedules of all its groups", () => {
    const several = readTemplates(synthesise({ scheduler: { groups: 3 } }));
    const role = several.functions.find((each) => each.function === "tick")?.roleArn ?? "";
    const pacing = several.permissions.get(role)?.find(({ actions }) => actions.includes("scheduler:UpdateSchedule"));
    expect(pacing?.resources).toHaveLength(6);
    for (const { name } of several.schedules.filter((each) => each.name !== "carillon-settle"))
      expect(pacing?.resources).toContain(`arn:aws:scheduler:eu-west-1:123456789012:schedule/carillon/${name}`);
  });

  it("let workers look at the service of their own pool, and change none", () => {
    const looking = worker.filter(({ actions }) => actions.includes("ecs:DescribeServices"));
    expect(looking.flatMap(({ resources }) => resources)).toEqual([
      expect.stringMatching(/:service\/[^/]+\/carillon-default$/),
    ]);
    expect(actionsOf(worker)).not.toContain("ecs:UpdateService");
  });

  it("let workers start containers of runs, with the roles that the configuration names and no other", () => {
    const passing = worker.find(({ actions }) => actions.includes("iam:PassRole"));
    expect(passing?.resources).toEqual([
      "arn:aws:iam::123456789012:role/etl",
      expect.stringContaining("ContainerRunsExecutionRole"),
    ]);
    expect(worker.find(({ actions }) => actions.includes("ecs:RunTask"))).toMatchObject({
      resources: ["arn:aws:ecs:eu-west-1:123456789012:task-definition/carillon-run-*:*"],
      conditions: { ArnEquals: { "ecs:cluster": expect.stringContaining("cluster/") } },
    });
  });

  it("let workers invoke the functions that the configuration names, and without any none", () => {
    expect(worker.find(({ actions }) => actions.includes("lambda:InvokeFunction"))?.resources).toEqual([
      "arn:aws:lambda:eu-west-1:123456789012:function:reports-*",
      "arn:aws:lambda:eu-west-1:123456789012:function:reports-*:*",
    ]);
    const plain = readTemplates(synthesise());
    const actions = actionsOf(plain.permissions.get(plain.services[0]?.task.roleArn ?? "") ?? []);
    expect(actions).toContain("ecs:RunTask");
    expect(actions).not.toContain("lambda:InvokeFunction");
  });
});
