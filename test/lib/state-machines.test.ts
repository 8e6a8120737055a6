import { describe, expect, it } from "vitest";
import { engineVariables } from "../../functions/engine/environment.ts";
import { synthesise } from "../support/aws/synthesise.ts";
import { readTemplates, templatesOf } from "../support/aws/template.ts";

const OF_STEP_FUNCTIONS = { Service: "states.amazonaws.com" };
const MACHINES = "arn:aws:states:eu-west-1:123456789012:stateMachine:carillon-*";

function deployed(configuration: Parameters<typeof synthesise>[0] = {}) {
  const assembly = synthesise(configuration);
  const templates = templatesOf(assembly);
  const { functions, permissions, queues } = readTemplates(assembly);
  const roles = templates.resources("AWS::IAM::Role").flatMap(({ stack, logicalId, properties }) => {
    const { Statement } = properties["AssumeRolePolicyDocument"] as { Statement: readonly Record<string, unknown>[] };
    return Statement.map((statement) => ({ arn: templates.arnOf(stack, logicalId), logicalId, statement }));
  });
  const engine = functions.find((each) => each.function === "engine");
  const showing = [...permissions].flatMap(([roleArn, statements]) =>
    statements.filter(({ actions }) => actions.some((each) => each.startsWith("states:"))).map(() => roleArn),
  );
  return {
    templates,
    roles: roles.filter(({ statement }) => JSON.stringify(statement["Principal"]).includes("states")),
    permissions,
    engine,
    /** What the engine may do. */
    rights: permissions.get(engine?.roleArn ?? "") ?? [],
    variable: engine?.environment[engineVariables.stateMachines.name],
    /** ARNs of roles that may do something at Step Functions. */
    showing: new Set(showing),
    queue: queues.find(({ name }) => name.endsWith("-engine-normal")),
  };
}

describe("the state machines of workflows", () => {
  const { templates, roles, permissions, engine, rights, variable, showing, queue } = deployed();
  const [role] = roles;

  it("have one role, which Step Functions alone may take, for those of this installation in this account", () => {
    expect(roles.map(({ statement }) => statement)).toEqual([
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: OF_STEP_FUNCTIONS,
        Condition: {
          StringEquals: { "aws:SourceAccount": "123456789012" },
          ArnLike: { "aws:SourceArn": MACHINES },
        },
      },
    ]);
  });

  it("may send to the engine's queue, and nothing else", () => {
    expect(permissions.get(role?.arn ?? "")).toEqual([
      { effect: "Allow", actions: ["sqs:SendMessage"], resources: [queue?.arn], conditions: {} },
    ]);
  });

  it("need no right to a key, since their queue has none of its own", () => {
    const [properties] = templates
      .resources("AWS::SQS::Queue")
      .flatMap((each) => (each.properties["QueueName"] === queue?.name ? [each.properties] : []));
    expect(properties).toMatchObject({ SqsManagedSseEnabled: true });
    expect(properties).not.toHaveProperty("KmsMasterKeyId");
  });

  it("are the engine's to make, change, start and delete, where their names begin with the installation's", () => {
    const [making, ...others] = rights.filter(({ resources }) => resources.includes(MACHINES));
    expect(others).toEqual([]);
    expect(making?.conditions).toEqual({});
    expect(making?.resources).toEqual([MACHINES]);
    expect([...(making?.actions ?? [])].sort()).toEqual([
      "states:CreateStateMachine",
      "states:DeleteStateMachine",
      "states:DeleteStateMachineVersion",
      "states:DescribeStateMachine",
      "states:ListExecutions",
      "states:ListStateMachineVersions",
      "states:PublishStateMachineVersion",
      "states:StartExecution",
      "states:TagResource",
      "states:UpdateStateMachine",
    ]);
  });

  it("have executions that the engine may stop, and no others that it may", () => {
    expect(rights.find(({ actions }) => actions.includes("states:StopExecution"))).toEqual({
      effect: "Allow",
      actions: ["states:StopExecution"],
      resources: ["arn:aws:states:eu-west-1:123456789012:execution:carillon-*:*"],
      conditions: {},
    });
  });

  it("are answered by token, which is all that bounds an answer", () => {
    expect(rights.find(({ actions }) => actions.includes("states:SendTaskSuccess"))).toEqual({
      effect: "Allow",
      actions: ["states:SendTaskFailure", "states:SendTaskSuccess"],
      resources: ["*"],
      conditions: {},
    });
  });

  it("are given their role and no other, and nobody but they", () => {
    expect(rights.filter(({ actions }) => actions.includes("iam:PassRole"))).toEqual([
      {
        effect: "Allow",
        actions: ["iam:PassRole"],
        resources: [role?.arn],
        conditions: { StringEquals: { "iam:PassedToService": "states.amazonaws.com" } },
      },
    ]);
  });

  it("are told to the engine in a form that it can read", () => {
    expect(engineVariables.stateMachines.parse(variable ?? "")).toEqual({
      arnPrefix: "arn:aws:states:eu-west-1:123456789012:stateMachine:",
      roleArn: role?.arn,
    });
  });

  it("are the engine's alone: nobody else has a right at Step Functions", () => {
    expect(showing).toEqual(new Set([engine?.roleArn]));
  });

  it("may send before the engine makes the first of them", () => {
    const [deployedEngine] = templates
      .resources("AWS::Lambda::Function")
      .filter(({ stack, logicalId }) => templates.nameOf(stack, logicalId) === engine?.name);
    const [policy] = templates
      .resources("AWS::IAM::Policy")
      .filter(({ properties }) => String(properties["Roles"]).includes(role?.logicalId ?? "?"));
    expect(policy?.logicalId).toBeDefined();
    expect(deployedEngine?.dependsOn).toContain(policy?.logicalId);
  });

  it("are not in the templates: the engine makes them, and they outlive a stack", () => {
    expect(templates.resources().filter(({ type }) => type.startsWith("AWS::StepFunctions"))).toEqual([]);
  });

  it("bear the name of another installation in its templates", () => {
    const other = deployed({ installation: "acme-jobs" });
    const acme = MACHINES.replace("carillon", "acme-jobs");
    expect(other.roles[0]?.statement["Condition"]).toMatchObject({ ArnLike: { "aws:SourceArn": acme } });
    expect(other.rights.find(({ actions }) => actions.includes("states:StartExecution"))?.resources).toEqual([acme]);
  });
});

describe("an installation without state machines", () => {
  const { roles, showing, rights, variable } = deployed({ workflows: { stateMachines: false } });

  it("has no role for them, no rights at Step Functions, and says nothing of them to the engine", () => {
    expect(roles).toEqual([]);
    expect(showing).toEqual(new Set());
    expect(rights.filter(({ actions }) => actions.includes("iam:PassRole"))).toEqual([]);
    expect(variable).toBeUndefined();
  });
});
