import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ECSClient } from "@aws-sdk/client-ecs";
import { startFauxqs } from "fauxqs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { ecsProcess } from "../../adapters/aws/ecs-fates.ts";
import { EcsFleet } from "../../adapters/aws/ecs-fleet.ts";
import { type AwsEngine, openAwsEngine } from "../../adapters/aws/engine.ts";
import type { ExecutorDefinition } from "../../core/job/executor.ts";
import { PRIORITIES } from "../../core/job/priority.ts";
import type { RunKey } from "../../core/run/run-id.ts";
import { defineJob } from "../../core/services/define-job.ts";
import { triggerRuns } from "../../core/services/trigger-runs.ts";
import { readAwsEnvironment } from "../../worker/aws-environment.ts";
import { openDynalite } from "../support/aws/dynalite.ts";
import { FakeEcs } from "../support/aws/fake-ecs.ts";
import type { FakeProcess, FakeStart } from "../support/aws/fake-ecs-task.ts";
import { FakeLambda } from "../support/aws/fake-lambda.ts";
import { FakeLogs } from "../support/aws/fake-logs.ts";
import { logsListener } from "../support/aws/fake-logs-transport.ts";
import { OFFLINE, serve } from "../support/aws/fake-service.ts";
import { eventually } from "../support/eventually.ts";

const PROGRAM = fileURLToPath(new URL("../../worker/aws-main.ts", import.meta.url));
const LOG_GROUP = "/carillon/runs";
const CONTAINER_LOG_GROUP = "/carillon/containers";
const NAMESPACE = "default";
const EXECUTORS = ["command", "http", "handler", "lambda", "container"] as const;

const dynamo = await openDynalite();
const closings: (() => Promise<unknown>)[] = [];
const children = new Set<ChildProcess>();
/** What worker processes have said, a line each. */
const said: Record<string, unknown>[] = [];
const logs = new FakeLogs({ groups: [LOG_GROUP, CONTAINER_LOG_GROUP] });
let releaseFunction: () => void = () => undefined;
const lambda = new FakeLambda({
  report: () => new Promise((resolve) => (releaseFunction = () => resolve({ payload: '{"rows":3}' }))),
});
const ecs = new FakeEcs({ cluster: "carillon", onStart: (start) => runTask(start) });
let variables: Readonly<Record<string, string>> = {};
let engine: AwsEngine;
let fleet: EcsFleet;

/** A worker is a real process; any other container prints its run and ends. */
function runTask({ taskId, family, environment }: FakeStart): FakeProcess {
  if (family !== "carillon-worker") {
    const stream = { logGroupName: CONTAINER_LOG_GROUP, logStreamName: `run/run/${taskId}` };
    const logEvents = [{ timestamp: Date.now(), message: `run ${environment["CARILLON_RUN_ID"]}` }];
    logs.handle("Logs_20140328.CreateLogStream", JSON.stringify(stream));
    logs.handle("Logs_20140328.PutLogEvents", JSON.stringify({ ...stream, logEvents }));
    return { stop: () => undefined, exited: Promise.resolve(0) };
  }
  return startWorker({ ...variables, ...environment });
}

function startWorker(environment: Readonly<Record<string, string>>): FakeProcess {
  const child = spawn(process.execPath, [PROGRAM], { env: { PATH: process.env.PATH, ...environment } });
  children.add(child);
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line) as Record<string, unknown>));
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code) => resolve(code ?? 137));
  });
  return { stop: (signal) => child.kill(signal), exited };
}

beforeAll(async () => {
  const sqs = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false, defaultRegion: OFFLINE.region });
  closings.push(() => sqs.stop());
  const [queue] = PRIORITIES.map((priority) => {
    const dead = sqs.createQueue(`carillon-default-${priority}-dead`, { region: OFFLINE.region });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.queueArn, maxReceiveCount: 20 });
    return sqs.createQueue(`carillon-default-${priority}`, { region: OFFLINE.region, attributes: { RedrivePolicy } });
  });
  const logsServer = createServer(logsListener(logs));
  await new Promise<void>((resolve) => logsServer.listen(0, "127.0.0.1", resolve));
  const [lambdaServer, ecsServer] = [await serve(lambda.handle), await serve(ecs.handle)];
  closings.push(lambdaServer.close, ecsServer.close, async () => {
    logsServer.closeAllConnections();
    await new Promise((resolve) => logsServer.close(resolve));
  });
  ecs.agentUrl = ecsServer.url;
  variables = {
    AWS_REGION: OFFLINE.region,
    AWS_ACCESS_KEY_ID: OFFLINE.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: OFFLINE.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.address,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: `http://127.0.0.1:${(logsServer.address() as AddressInfo).port}`,
    AWS_ENDPOINT_URL_LAMBDA: lambdaServer.url,
    AWS_ENDPOINT_URL_ECS: ecsServer.url,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const queueUrlPrefix = queue?.queueUrl.replace(/default-[a-z]+$/, "") ?? "";
  engine = openAwsEngine({
    installation: "carillon",
    tableName: dynamo.tableName,
    queueUrlPrefix,
    logGroup: LOG_GROUP,
  });
  const environment = {
    CARILLON_TABLE: dynamo.tableName,
    CARILLON_QUEUE_URL_PREFIX: queueUrlPrefix,
    CARILLON_LOG_GROUP: LOG_GROUP,
    CARILLON_CLUSTER: "carillon",
    CARILLON_POOL: "default",
    CARILLON_SUBNETS: "subnet-1,subnet-2",
    CARILLON_SECURITY_GROUPS: "sg-1",
    CARILLON_CONTAINER_EXECUTION_ROLE: "arn:aws:iam::123456789012:role/containers",
    CARILLON_CONTAINER_LOG_GROUP: CONTAINER_LOG_GROUP,
  };
  ecs.register({
    family: "carillon-worker",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    containerDefinitions: [
      {
        name: "worker",
        image: "carillon-worker:1",
        stopTimeout: 120,
        environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  ecs.createService({ name: "carillon-default", family: "carillon-worker" });
  const client = new ECSClient(clientConfig());
  fleet = new EcsFleet({ client, cluster: "carillon", installation: "carillon" });
  closings.push(async () => {
    await ecs.close();
    for (const each of [client, ...Object.values(engine.clients)]) each.destroy();
  });
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
});

afterAll(async () => {
  vi.unstubAllEnvs();
  for (const close of closings.splice(0).toReversed()) await close();
});

async function trigger(name: string, executor: ExecutorDefinition): Promise<RunKey> {
  await defineJob(
    engine.core,
    NAMESPACE,
    { name, executor },
    { limits: { minIntervalMs: 1_000, executors: EXECUTORS } },
  );
  const [run] = await triggerRuns(engine.core, NAMESPACE, name, { requests: [{}] });
  if (run === undefined) throw new Error("One run was asked for");
  return run;
}

function ended(key: RunKey) {
  return eventually(async () => {
    const run = (await engine.core.runs.find(key))?.run;
    return run?.status === "succeeded" || run?.status === "failed" ? run : undefined;
  });
}

describe("worker/aws-main.ts", () => {
  it(
    "works as an ECS task: executes all kinds of runs, protects itself meanwhile, drains when it is told to",
    { timeout: 60_000 },
    async () => {
      await fleet.resize("default", 1);
      const member = await eventually(async () => (await fleet.list()).find(({ state }) => state === "running"));
      const record = await eventually(async () => engine.core.workers.find("default", member.workerId));
      expect(record).toMatchObject({ state: "ready", slots: 8, process: ecsProcess(member.workerId) });

      const command = await trigger("command", { type: "command", argv: ["echo", "hello"] });
      const container = await trigger("container", { type: "container", image: "a:1", cpu: 256, memoryMb: 512 });
      expect(await ended(command)).toMatchObject({ status: "succeeded" });
      expect(await ended(container)).toMatchObject({ status: "succeeded" });
      const stream = logs.streamNames(LOG_GROUP).find((name) => name.includes("container@"));
      expect(logs.messages(LOG_GROUP, stream ?? "").join("\n")).toContain("run default.container@");

      const [task] = ecs.tasks();
      await eventually(async () => (task?.isProtected === false ? true : undefined));
      const invoked = await trigger("lambda", { type: "lambda", function: "report" });
      await eventually(async () => (task?.isProtected === true ? true : undefined));
      expect(await engine.core.runs.find(invoked)).toMatchObject({ run: { status: "running" } });
      await fleet.resize("default", 0);
      expect(task?.desiredStatus).toBe("RUNNING");
      releaseFunction();
      expect(await ended(invoked)).toMatchObject({ status: "succeeded", result: { rows: 3 } });

      await task?.ended;
      expect(task).toMatchObject({ exitCode: 0, stopCode: "ServiceSchedulerInitiated" });
      expect(await engine.core.workers.find("default", member.workerId)).toMatchObject({ state: "gone" });
      const events = said.filter(({ worker }) => worker === member.workerId).map(({ event }) => event);
      expect(events).toEqual(["started", "draining", "stopped"]);
      expect(said.some((line) => "_aws" in line)).toBe(true);
    },
  );

  it("names the variables that are missing, in one line of JSON, and ends", async () => {
    const child = spawn(process.execPath, [PROGRAM], { env: { PATH: process.env.PATH, CARILLON_POOL: "default" } });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const lines = (await text(child.stdout)).trimEnd().split("\n");

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "error",
      event: "uncaught exception",
      error: expect.stringContaining(
        "Cannot start the worker: CARILLON_TABLE is missing; CARILLON_QUEUE_URL_PREFIX is missing; CARILLON_LOG_GROUP is missing; CARILLON_CLUSTER is missing",
      ),
    });
    expect(await exited).toBe(1);
  });
});

describe("readAwsEnvironment()", () => {
  const LEAST = {
    CARILLON_TABLE: "carillon",
    CARILLON_QUEUE_URL_PREFIX: "https://sqs.eu-central-1.amazonaws.com/123456789012/carillon-",
    CARILLON_LOG_GROUP: "/carillon/runs",
    CARILLON_CLUSTER: "carillon",
    CARILLON_POOL: "default",
  };

  it("takes defaults for what may be left out, and for what is empty", () => {
    expect(readAwsEnvironment({ ...LEAST, CARILLON_SLOTS: "", CARILLON_HANDLERS: undefined })).toMatchObject({
      installation: "carillon",
      slots: 8,
      drainMs: 90_000,
      executors: EXECUTORS,
      handlersFolder: undefined,
      allow: [],
      knobs: {},
      containers: undefined,
    });
  });

  it("reads lists, numbers and knobs", () => {
    const read = readAwsEnvironment({
      ...LEAST,
      CARILLON_SLOTS: "50",
      CARILLON_ALLOW: '["10.0.0.0/8", "acme=db:5432"]',
      CARILLON_EXECUTORS: '["http", "lambda"]',
      CARILLON_KNOBS: '{"heartbeatMs":1000}',
      CARILLON_SUBNETS: "subnet-0a,subnet-0b",
      CARILLON_SECURITY_GROUPS: "sg-0c",
      CARILLON_ASSIGN_PUBLIC_IP: "false",
      CARILLON_CONTAINER_EXECUTION_ROLE: "arn:aws:iam::123456789012:role/x",
      CARILLON_CONTAINER_LOG_GROUP: "/carillon/containers",
    });

    expect(read).toMatchObject({ slots: 50, allow: ["10.0.0.0/8", "acme=db:5432"], knobs: { heartbeatMs: 1_000 } });
    expect(read.executors).toEqual(["http", "lambda"]);
    expect(read.containers).toEqual({
      subnets: ["subnet-0a", "subnet-0b"],
      securityGroups: ["sg-0c"],
      assignPublicIp: false,
      executionRole: "arn:aws:iam::123456789012:role/x",
      logGroup: "/carillon/containers",
    });
  });

  it.each([
    ["CARILLON_SLOTS", "0", "must be a whole number from 1 to 1000"],
    ["CARILLON_SLOTS", "many", "must be a whole number from 1 to 1000"],
    ["CARILLON_DRAIN_MS", "120000", "must be a whole number from 0 to 110000"],
    ["CARILLON_POOL", "Large Pool", "must be 1 to 40 of a-z, 0-9 and '-'"],
    ["CARILLON_QUEUE_URL_PREFIX", "carillon-", "must be the address of a queue up to its pool"],
    ["CARILLON_ALLOW", "[", "must be JSON"],
    ["CARILLON_ALLOW", '{"a":1}', "expected array"],
    ["CARILLON_EXECUTORS", '["shell"]', "expected one of"],
    ["CARILLON_KNOBS", '{"heartbeat":1}', "heartbeat"],
    ["CARILLON_SUBNETS", "10.0.0.0/24", "must be ids subnet-…, separated by commas"],
    ["CARILLON_ASSIGN_PUBLIC_IP", "yes", "must be true or false"],
  ])("refuses %s %s and says what it must be", (name, value, rule) => {
    const read = () => readAwsEnvironment({ ...LEAST, [name]: value });
    expect(read).toThrow(`Cannot start the worker: ${name} is wrong: `);
    expect(read).toThrow(rule);
  });

  it("wants all that containers of runs need, or nothing of it", () => {
    expect(() => readAwsEnvironment({ ...LEAST, CARILLON_SUBNETS: "subnet-0a" })).toThrow(
      "Cannot start the worker: CARILLON_SECURITY_GROUPS is missing, and containers of runs need it; " +
        "CARILLON_CONTAINER_EXECUTION_ROLE is missing, and containers of runs need it; " +
        "CARILLON_CONTAINER_LOG_GROUP is missing, and containers of runs need it",
    );
  });
});
