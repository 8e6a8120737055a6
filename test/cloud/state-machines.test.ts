import { SFNClient, StateMachineDoesNotExist } from "@aws-sdk/client-sfn";
import { beforeAll, describe, expect, it } from "vitest";
import { SfnExecutions } from "../../adapters/aws/sfn-executions.ts";
import { machineName } from "../../adapters/aws/sfn-names.ts";
import { engineVariables } from "../../functions/engine/environment.ts";
import { aPlan } from "../support/workflows.ts";
import { synthesiseOnce } from "./host/assembly.ts";
import { Deployment } from "./host/deployment.ts";
import { ACCOUNT, REGION } from "./host/identity.ts";
import { Permissions, type Question } from "./host/permissions.ts";
import { questionsOf } from "./host/questions.ts";

const POOLS = { default: { cpu: 256, memoryMb: 512 } };
const RUN = { namespace: "default", job: "etl", stamp: "20260308T030000.000Z", version: 1 };
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${machineName("carillon-", RUN)}`;
/** The last one first. */
const VERSIONS = Array.from({ length: 30 }, (_, index) => ({ stateMachineVersionArn: `${MACHINE}:${30 - index}` }));
/** To all requests: each takes its own part of it. */
const ANSWER = {
  $metadata: {},
  stateMachineVersionArn: `${MACHINE}:31`,
  stateMachineVersions: VERSIONS,
  definition: "another",
  executions: [],
};

type SfnOptions = ConstructorParameters<typeof SfnExecutions>[1];

interface Asked {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** All requests that the adapter sends, for a state machine that is not there yet and for one that has other versions. */
async function requestsOf(options: SfnOptions): Promise<readonly Asked[]> {
  const requests: Asked[] = [];
  for (const isThere of [false, true]) {
    const client = recordingClient(requests, isThere);
    const executions = new SfnExecutions(client, options);
    await executions.begin(RUN, aPlan({ extract: {} }));
    await executions.answer("token", { as: "success", output: {} });
    await executions.answer("token", { as: "failure", error: "Failed", cause: "it did" });
    await executions.stop(RUN, { error: "Carillon.Cancelled", cause: "it was" });
    await executions.remove(RUN);
    client.destroy();
  }
  return requests;
}

/** A client whose requests go nowhere: they are answered as by state machines that are there, or not. */
function recordingClient(requests: Asked[], isThere: boolean): SFNClient {
  const client = new SFNClient({ region: REGION, credentials: { accessKeyId: "any", secretAccessKey: "any" } });
  client.middlewareStack.add(
    (_, { commandName = "" }) =>
      ({ input }) => {
        const operation = commandName.replace(/Command$/, "");
        requests.push({ operation, input: { ...input } });
        const isMissing = operation === "DescribeStateMachine" && !isThere;
        if (isMissing) return Promise.reject(new StateMachineDoesNotExist({ message: "", $metadata: {} }));
        return Promise.resolve({ output: ANSWER, response: undefined });
      },
    { step: "initialize", priority: "high" },
  );
  return client;
}

describe("the rights of the engine at Step Functions", () => {
  let deployment: Deployment;
  let permissions: Permissions;
  let roleArn: string;
  let requests: readonly Asked[];
  let questions: readonly Question[];

  beforeAll(async () => {
    deployment = Deployment.read(await synthesiseOnce({ pools: POOLS }));
    permissions = new Permissions(deployment);
    const engine = deployment
      .all("AWS::Lambda::Function")
      .map(({ properties }) => properties as { Role: string; Environment: { Variables: Record<string, string> } })
      .find(({ Environment }) => Environment.Variables["POWERTOOLS_SERVICE_NAME"] === "engine");
    roleArn = engine?.Role ?? "";
    const { name, parse } = engineVariables.stateMachines;
    const stateMachines = parse(engine?.Environment.Variables[name] ?? "");
    if (stateMachines === undefined) throw new Error("Cannot find what the engine is told of state machines");
    const queueUrl = deployment.all("AWS::SQS::Queue").find(({ name: each }) => each === "carillon-engine-normal")?.ref;
    requests = await requestsOf({ ...stateMachines, installation: "carillon", queueUrl: queueUrl ?? "" });
    const common = { accessKey: "", method: "POST", path: "/", headers: {}, body: new Uint8Array() };
    const { signal } = new AbortController();
    questions = requests.flatMap((request) => questionsOf({ ...common, ...request, signal, service: "states" }));
  });

  it("are enough for everything that it asks for", () => {
    const refused = questions.filter((question) => !permissions.allows(roleArn, question));
    expect(refused).toEqual([]);
  });

  it("are no more than what it asks for", () => {
    const granted = deployment
      .all("AWS::IAM::Policy")
      .map(({ properties }) => JSON.stringify(properties["PolicyDocument"]))
      .flatMap((policy) => policy.match(/"states:\w+"/g) ?? [])
      .map((action) => action.slice(1, -1));
    const asked = questions.map(({ action }) => action).filter((action) => action.startsWith("states:"));
    expect([...new Set(asked)].sort()).toEqual(granted.sort());
  });

  it("end where the names of its state machines do", () => {
    const elsewhere = questions
      .filter(({ resource }) => resource !== "*")
      .map((question) => ({ ...question, resource: question.resource.replace(":carillon-", ":another-") }))
      .filter(({ action }) => action.startsWith("states:"));
    expect(elsewhere.length).toBeGreaterThan(10);
    expect(elsewhere.filter((question) => permissions.allows(roleArn, question))).toEqual([]);
  });

  it("let it tag them with the installation, by which they are found when it is removed", () => {
    const created = requests.find(({ operation }) => operation === "CreateStateMachine");
    expect(created?.input["tags"]).toContainEqual({ key: "carillon:installation", value: "carillon" });
    expect(questions.map(({ action }) => action)).toContain("states:TagResource");
  });

  it("let it hand over the role of state machines to Step Functions alone", () => {
    const passing = questions.find(({ action }) => action === "iam:PassRole");
    expect(passing?.resource).toMatch(/:role\/.*StateMachines/);
    const toOthers = { "iam:PassedToService": ["lambda.amazonaws.com"] };
    expect(passing && permissions.allows(roleArn, { ...passing, context: toOthers })).toBe(false);
    const another = `${passing?.resource}x`;
    expect(passing && permissions.allows(roleArn, { ...passing, resource: another })).toBe(false);
  });
});
