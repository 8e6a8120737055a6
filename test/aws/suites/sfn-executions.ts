import {
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListStateMachineVersionsCommand,
  ListTagsForResourceCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { SfnExecutions, type SfnOptions } from "../../../adapters/aws/sfn-executions.ts";
import { executionName, machineName } from "../../../adapters/aws/sfn-names.ts";
import { sqsClientConfig } from "../../../adapters/aws/sqs-client-config.ts";
import { PortError } from "../../../core/ports/errors.ts";
import { formatRunId, stampOf } from "../../../core/run/run-id.ts";
import type { WorkflowPlan } from "../../../core/workflow/plan.ts";
import { eventually } from "../../support/eventually.ts";
import { aPlan } from "../../support/workflows.ts";
import { installation } from "../installation.ts";
import { TestQueues } from "../test-queues.ts";

const SUCCESS = { as: "success", output: { status: "succeeded" } } as const;
const FAILURE = { as: "failure", error: "Carillon.StepFailed", cause: 'step "b" has failed: \u{1f514}' } as const;
const CANCELLED = { error: "Carillon.Cancelled", cause: "by ada" };
const KEPT_VERSIONS = 25;

const sfn = new SFNClient(clientConfig());
const sqs = new SQSClient(sqsClientConfig());
const queues = new TestQueues(sqs, installation);
const jobs = new Set<string>();
const runs = { count: 0 };
const tasks = new Map<string, string>();
let options: SfnOptions;

beforeAll(async () => {
  const queueUrl = await queues.createOne("engine");
  const [, partition, , region, account] = (await queues.arnOf(queueUrl)).split(":");
  const arnPrefix = `arn:${partition}:states:${region}:${account}:stateMachine:`;
  const roleArn = process.env["CARILLON_TEST_STATES_ROLE_ARN"] ?? `arn:${partition}:iam::${account}:role/carillon-test`;
  options = { arnPrefix, roleArn, installation, queueUrl };
});

afterAll(async () => {
  for (const job of jobs) await sfn.send(new DeleteStateMachineCommand({ stateMachineArn: machineArn(job) }));
  await queues.delete();
  sfn.destroy();
  sqs.destroy();
});

describe("SfnExecutions", () => {
  it("shows a run with a state for each step, reached as the ones before it are answered", async () => {
    const executions = anAdapter();
    const run = aRun("fan");
    const plan = aPlan({ a: {}, b: { needs: ["a"] }, c: { needs: ["a"] }, d: { needs: ["b", "c"] } });

    await executions.begin(run, plan);
    await executions.answer(await reached(run, "a"), SUCCESS);
    const [b, c] = [await reached(run, "b"), await reached(run, "c")];
    await executions.answer(c, SUCCESS);
    await executions.answer(b, SUCCESS);
    await executions.answer(await reached(run, "d"), SUCCESS);

    expect(await ended(run)).toMatchObject({ status: "SUCCEEDED", input: JSON.stringify({ run: formatRunId(run) }) });
    expect((await enteredStates(run)).toSorted()).toEqual(["Parallel 1 (b and c)", "a", "b", "c", "d"]);
  });

  it("shows a failure with its cause, and whom it takes along", async () => {
    const executions = anAdapter();
    const run = aRun("failing");

    await executions.begin(run, aPlan({ a: {}, b: {}, c: { needs: ["b"] } }));
    await reached(run, "a");
    await executions.answer(await reached(run, "b"), FAILURE);

    const { error, cause } = FAILURE;
    expect(await ended(run)).toMatchObject({ status: "FAILED", error, cause });
  });

  it("says of the state machine which workflow it shows", async () => {
    const run = aRun("tagged");
    await anAdapter().begin(run, aPlan({ a: {} }));

    const { tags } = await sfn.send(new ListTagsForResourceCommand({ resourceArn: machineArn(run.job) }));
    expect(Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value]))).toEqual({
      "carillon:installation": installation,
      "carillon:namespace": "default",
      "carillon:job": "tagged",
    });
  });

  it("begins a run once, also when it has ended", async () => {
    const executions = anAdapter();
    const run = aRun("twice");

    await executions.begin(run, aPlan({ a: {} }));
    await executions.begin(run, aPlan({ a: {} }));
    await anAdapter().begin(run, aPlan({ a: {} }));
    await executions.answer(await reached(run, "a"), SUCCESS);
    await ended(run);
    await executions.begin(run, aPlan({ a: {} }));

    expect(await ended(run)).toMatchObject({ status: "SUCCEEDED" });
    expect(await enteredStates(run)).toEqual(["a"]);
  });

  it("answers a task once, and one that is over or never was not at all", async () => {
    const executions = anAdapter();
    const run = aRun("answered");
    await executions.begin(run, aPlan({ a: {}, b: { needs: ["a"] } }));
    const a = await reached(run, "a");
    await executions.answer(a, SUCCESS);
    const b = await reached(run, "b");

    await executions.answer(a, FAILURE);
    await executions.answer(a, SUCCESS);
    await executions.answer("nonsense", SUCCESS);
    await executions.answer(b, SUCCESS);
    await ended(run);
    await executions.answer(b, FAILURE);

    expect(await ended(run)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("stops an execution with a reason", async () => {
    const executions = anAdapter();
    const run = aRun("stopped");
    await executions.begin(run, aPlan({ a: {} }));
    const a = await reached(run, "a");

    await executions.stop(run, CANCELLED);

    expect(await ended(run)).toMatchObject({ status: "ABORTED", ...CANCELLED });
    await executions.answer(a, SUCCESS);
  });

  it("stops nothing of an execution that has ended or never was", async () => {
    const executions = anAdapter();
    const run = aRun("unstopped");
    await executions.stop(run, CANCELLED);
    await executions.begin(run, aPlan({ a: {} }));
    const a = await reached(run, "a");

    await executions.stop({ ...run, stamp: `${run.stamp}-2` }, CANCELLED);
    await executions.answer(a, SUCCESS);
    await ended(run);
    await executions.stop(run, CANCELLED);

    expect(await ended(run)).toMatchObject({ status: "SUCCEEDED" });
  });

  it("takes the longest names and causes that there are", async () => {
    const executions = anAdapter();
    const run = { ...aRun("j".repeat(128)), stamp: `${stampOf(Date.now())}-${"s".repeat(64)}` };
    await executions.begin(run, aPlan({ a: {} }));
    const [error, cause] = ["e".repeat(300), `${"c".repeat(32_767)}\u{1f514}`];

    await executions.answer(await reached(run, "a"), { as: "failure", error, cause });

    const cut = { error: error.slice(0, 256), cause: `${"c".repeat(32_767)}\ufffd` };
    expect(await ended(run)).toMatchObject({ status: "FAILED", ...cut });
    await executions.stop(run, { error, cause });
  });

  it("publishes a definition once, whoever asks, and keeps a run to the one of its version", async () => {
    const [first, second] = [aRun("versions"), { ...aRun("versions"), version: 2 }];
    const executions = anAdapter();
    await executions.begin(first, planOf("a"));
    await executions.begin(second, planOf("b"));
    await Promise.all([reached(first, "a"), reached(second, "b")]);

    const late = [aRun("versions"), { ...aRun("versions"), version: 2 }, { ...aRun("versions"), version: 3 }] as const;
    const anew = anAdapter();
    await anew.begin(late[0], planOf("a"));
    await anew.begin(late[1], planOf("b"));
    await anew.begin(late[2], planOf("b"));

    await Promise.all([reached(late[0], "a"), reached(late[1], "b"), reached(late[2], "b")]);
    expect(await versionNumbers("versions")).toEqual([2, 1]);
    const { description } = await sfn.send(
      new DescribeStateMachineCommand({ stateMachineArn: `${machineArn("versions")}:2` }),
    );
    expect(description).toBe("version 2 of default.versions");
    await stopAll(executions, [first, second, ...late]);
  });

  it("publishes anew when the role has changed", async () => {
    const run = aRun("roles");
    await anAdapter().begin(run, planOf("a"));

    const late = aRun("roles");
    // A real account has one role for this.
    if (process.env["CARILLON_TEST_REAL"] === "1") return;
    const other = anAdapter({ roleArn: `${options.roleArn}-2` });
    await other.begin(late, planOf("a"));

    expect(await versionNumbers("roles")).toEqual([2, 1]);
    await stopAll(other, [run, late]);
  });

  it(`keeps ${KEPT_VERSIONS} versions of many`, async () => {
    const executions = anAdapter();
    const all = Array.from({ length: KEPT_VERSIONS + 2 }, (_, index) => ({ ...aRun("many"), version: index + 1 }));

    for (const run of all) await executions.begin(run, planOf(`s${run.version}`));

    expect(await versionNumbers("many")).toEqual(
      Array.from({ length: KEPT_VERSIONS }, (_, index) => all.length - index),
    );
    await stopAll(executions, all);
  });

  it("deletes a state machine, and makes it anew when it is needed again", async () => {
    const executions = anAdapter();
    const run = aRun("removed");
    const workflow = { namespace: run.namespace, job: run.job };
    await executions.remove(workflow);
    await executions.begin(run, planOf("a"));
    await executions.answer(await reached(run, "a"), SUCCESS);
    await executions.remove(workflow);
    await executions.remove(workflow);

    const again = { ...aRun("removed"), version: 3 };
    // The name is taken for as long as the deletion lasts.
    await eventually(() => begunUnlessRefused(executions, again));
    await reached(again, "a");
    await stopAll(executions, [again]);
  });
});

function anAdapter(more: Partial<SfnOptions> = {}): SfnExecutions {
  return new SfnExecutions(sfn, { ...options, ...more });
}

function planOf(step: string): WorkflowPlan {
  return aPlan({ [step]: {} });
}

/** A run of version 1 of a job, unlike all others. */
function aRun(job: string) {
  jobs.add(job);
  runs.count += 1;
  return { namespace: "default", job, stamp: stampOf(Date.now(), `r${runs.count}`), version: 1 };
}

type TestRun = ReturnType<typeof aRun>;

function machineArn(job: string): string {
  return options.arnPrefix + machineName(`${installation}-`, { namespace: "default", job });
}

function executionArn(run: TestRun): string {
  return `${machineArn(run.job).replace(":stateMachine:", ":execution:")}:${executionName(run)}`;
}

/** The token of a step's Task, as soon as a message tells of it. */
function reached(run: TestRun, step: string): Promise<string> {
  const key = `${formatRunId(run)}.${step}`;
  return eventually(async () => {
    if (!tasks.has(key)) await receive();
    return tasks.get(key);
  });
}

async function receive(): Promise<void> {
  const QueueUrl = options.queueUrl;
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
  for (const { Body = "", ReceiptHandle } of (await sqs.send(command)).Messages ?? []) {
    const { v, run, step, token } = JSON.parse(Body) as Record<"v" | "run" | "step" | "token", string>;
    expect(v).toBe(1);
    tasks.set(`${run}.${step}`, token);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
}

function ended(run: TestRun) {
  return eventually(async () => {
    const described = await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(run) }));
    return described.status === "RUNNING" ? undefined : described;
  });
}

async function enteredStates(run: TestRun): Promise<readonly string[]> {
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn: executionArn(run) }));
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
}

/** The last one first. */
async function versionNumbers(job: string): Promise<readonly number[]> {
  const command = new ListStateMachineVersionsCommand({ stateMachineArn: machineArn(job) });
  const { stateMachineVersions = [] } = await sfn.send(command);
  return stateMachineVersions.map(({ stateMachineVersionArn }) => Number(stateMachineVersionArn?.split(":").at(-1)));
}

async function begunUnlessRefused(executions: SfnExecutions, run: TestRun): Promise<true | undefined> {
  try {
    await executions.begin(run, planOf("a"));
    return true;
  } catch (error) {
    if (error instanceof PortError && error.code === "UNAVAILABLE") return undefined;
    throw error;
  }
}

async function stopAll(executions: SfnExecutions, all: readonly TestRun[]): Promise<void> {
  for (const run of all) await executions.stop(run, CANCELLED);
}
