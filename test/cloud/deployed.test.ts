import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { DescribeServicesCommand, ECSClient } from "@aws-sdk/client-ecs";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobDefinition } from "../../api/contract/job-definition.ts";
import type { Run } from "../../api/contract/run.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";
import { eventually } from "../support/eventually.ts";
import { jsonError } from "./host/aws-front.ts";
import { accessKeyOf } from "./host/callers.ts";
import { Cloud } from "./host/cloud.ts";

const NAMESPACE = "default";
const TICK = "carillon-tick";
const TRUE = { type: "command" as const, argv: ["true"] };
const EMAIL = "ops@example.com";

describe("the deployed product", () => {
  let cloud: Cloud;
  let client: CarillonClient;

  beforeAll(async () => {
    const lambdaFunctions = ["carillon-stateless-*Authorizer*"];
    cloud = await Cloud.start({ configuration: { alarms: { email: EMAIL }, lambdaFunctions } });
    client = await cloud.client();
  });

  afterAll(async () => {
    await cloud.close();
  });

  /** Defines a job, runs it, and gives the run when it has ended. */
  async function runOnce(name: string, executor: JobDefinition["executor"]): Promise<Run> {
    await client.jobs.put(NAMESPACE, { name, executor }, { ifAbsent: true });
    const { id } = await client.jobs.trigger({ namespace: NAMESPACE, job: name });
    return eventually(async () => {
      const run = await client.runs.get(id);
      return run.endedAt === undefined ? undefined : run;
    });
  }

  it("slows its tick down while nothing is due, and wakes when a job is defined", async () => {
    await eventually(async () => (cloud.schedules.stateOf(TICK) === "DISABLED" ? true : undefined));

    // Near enough for steady ticks, too far for workers.
    const schedule = { at: new Date(Date.now() + 10 * 60_000).toISOString() };
    await client.jobs.put(NAMESPACE, { name: "waking", executor: TRUE, schedule }, { ifAbsent: true });

    expect(cloud.schedules.stateOf(TICK)).toBe("ENABLED");
    await client.jobs.delete({ namespace: NAMESPACE, job: "waking" }, { cancel: true });
  });

  it("has no worker while there is nothing to do, and one as soon as there is", async () => {
    await eventually(async () => (cloud.cluster.running().length === 0 ? true : undefined));

    expect(await runOnce("hello", TRUE)).toMatchObject({ status: "succeeded" });

    expect(cloud.cluster.running()).toHaveLength(1);
    const ecs = new ECSClient(cloud.clientSettings());
    const [{ name: cluster } = { name: "" }] = cloud.deployment.all("AWS::ECS::Cluster");
    await eventually(async () => {
      const services = ["carillon-default"];
      const reply = await ecs.send(new DescribeServicesCommand({ cluster, services }));
      return reply.services?.[0]?.desiredCount === 0 ? true : undefined;
    });
    ecs.destroy();
  });

  it("runs a container of its own for a job that asks for one, and keeps its output", async () => {
    const executor = {
      type: "container" as const,
      image: "busybox:1",
      command: ["echo", "hello"],
      cpu: 256,
      memoryMb: 512,
    };

    const run = await runOnce("contained", executor);

    expect(run).toMatchObject({ status: "succeeded", attempts: [{ outcome: "succeeded", exitCode: 0 }] });
    const lines = [];
    for await (const { source, text } of client.runs.logs(run.id)) if (source === "stdout") lines.push(text);
    expect(lines).toEqual(["hello"]);
  });

  it("invokes a function that the configuration allows, and no other", async () => {
    const payload = {
      headers: { authorization: "Bearer nobody" },
      identitySource: ["Bearer nobody"],
      requestContext: { requestId: "1", http: { method: "GET", path: "/", sourceIp: "127.0.0.1" } },
    };
    const allowed = { type: "lambda" as const, function: cloud.function("authorizer").name, payload };
    const other = { ...allowed, function: cloud.function("admin").name };

    expect(await runOnce("allowed", allowed)).toMatchObject({ status: "succeeded", result: { isAuthorized: false } });
    expect(await runOnce("denied", other)).toMatchObject({ status: "failed", error: { name: "ACCESS_DENIED" } });
    expect(cloud.front.refusals.splice(0).map(({ action }) => action)).toEqual(["lambda:InvokeFunction"]);
  });

  it("goes on with a workflow although its engine is cut off twice", { timeout: 60_000 }, async () => {
    const engine = cloud.function("engine");
    let cuts = 0;
    cloud.front.setFault(({ operation }, caller) => {
      if (caller !== engine.name || operation !== "UpdateItem" || cuts === 2) return undefined;
      cuts += 1;
      void engine.killBusy();
      return jsonError(503, "ServiceUnavailable", "The function has gone");
    });
    const steps = { rest: { wait: { for: "1s" } }, after: { executor: TRUE, needs: ["rest"] } };

    const run = await runOnce("carried", { type: "workflow", steps });

    cloud.front.setFault(undefined);
    expect(run.status).toBe("succeeded");
    expect(cuts).toBe(2);
    expect((await client.runs.get(`${run.id}.after`)).attempts).toHaveLength(1);
  });

  it("sends what is published to its topic to the address of the configuration", async () => {
    const sns = new SNSClient(cloud.clientSettings());
    const TopicArn = cloud.deployment.all("AWS::SNS::Topic")[0]?.arn;
    await sns.send(new PublishCommand({ TopicArn, Subject: "Alarm", Message: "Something is wrong" }));
    sns.destroy();

    expect(cloud.subscriptions.deliveries).toEqual([
      { protocol: "email", endpoint: EMAIL, subject: "Alarm", message: "Something is wrong" },
    ]);
  });

  it("bears that the table throttles it for a moment", async () => {
    const throttling = jsonError(400, "ThrottlingException", "Rate exceeded");
    let left = 2;
    cloud.front.setFault(({ service, operation }) => {
      if (service !== "dynamodb" || operation !== "UpdateItem" || left === 0) return undefined;
      left -= 1;
      return throttling;
    });

    const job = await client.jobs.put(NAMESPACE, { name: "patient", executor: TRUE }, { ifAbsent: true });

    cloud.front.setFault(undefined);
    expect(left).toBe(0);
    expect(job.name).toBe("patient");
  });

  it.each([
    ["the table is missing", "ResourceNotFoundException", "Requested resource not found"],
    ["its credentials have expired", "ExpiredTokenException", "The security token included in the request is expired"],
  ])("says that it cannot reach its store when %s", async (_, error, message) => {
    const api = cloud.function("api").name;
    cloud.front.setFault(({ service }, caller) =>
      service === "dynamodb" && caller === api ? jsonError(400, error, message) : undefined,
    );

    const response = await fetch(`${cloud.url}/v1/namespaces/${NAMESPACE}/jobs/hello`, {
      headers: { authorization: `Bearer ${await cloud.token()}` },
    });

    cloud.front.setFault(undefined);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ type: "urn:carillon:problem:unavailable" });
  });

  it("gives each function no more rights than it needs", async () => {
    const { name } = cloud.function("authorizer");
    const authorizer = new DynamoDBClient({
      ...cloud.clientSettings(),
      credentials: { accessKeyId: accessKeyOf(name), secretAccessKey: "secret" },
    });
    const TableName = cloud.deployment.all("AWS::DynamoDB::GlobalTable")[0]?.name;
    const refused = { name: "AccessDeniedException" };

    await authorizer.send(new GetItemCommand({ TableName, Key: keyOf("tokens") }));
    const reading = authorizer.send(new GetItemCommand({ TableName, Key: keyOf("ns#default") }));
    await expect(reading).rejects.toMatchObject(refused);
    const writing = authorizer.send(new UpdateItemCommand({ TableName, Key: keyOf("tokens") }));
    await expect(writing).rejects.toMatchObject(refused);
    authorizer.destroy();
    expect(cloud.front.refusals.splice(0).map(({ caller }) => caller)).toEqual([name, name]);
  });

  it("has asked for nothing that its roles do not allow", () => {
    expect(cloud.front.refusals).toEqual([]);
  });
});

describe("the gateway of the deployed product", () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await Cloud.start({ isStill: true, configuration: { api: { rate: 1, burst: 3 } } });
  });

  afterAll(async () => {
    await cloud.close();
  });

  it("lets no more requests pass than the configuration says", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => fetch(`${cloud.url}/healthz`)));

    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });
});

function keyOf(pk: string) {
  return { pk: { S: pk }, sk: { S: "x" } };
}
