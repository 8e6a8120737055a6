import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECSClient } from "@aws-sdk/client-ecs";
import { afterEach, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import type { ContainerDefinition } from "../../../core/job/executor.ts";
import { ContainerExecutor } from "../../../worker/executors/container-executor.ts";
import { type ContainerPlace, logStreamOf } from "../../../worker/executors/container-spec.ts";
import { EcsError, FakeEcs } from "../../support/aws/fake-ecs.ts";
import type { FakeStart } from "../../support/aws/fake-ecs-task.ts";
import { FakeLogs } from "../../support/aws/fake-logs.ts";
import { logsRequestHandler } from "../../support/aws/fake-logs-transport.ts";
import { OFFLINE, requestHandler } from "../../support/aws/fake-service.ts";
import { HandProcess } from "../../support/aws/hand-process.ts";
import { HastyClock } from "../../support/hasty-clock.ts";
import { aTask, eventually, RecordedIo } from "./support.ts";

const PLACE: ContainerPlace = {
  cluster: "carillon",
  installation: "carillon",
  subnets: ["subnet-1", "subnet-2"],
  securityGroups: ["sg-1"],
  assignPublicIp: true,
  executionRole: "arn:aws:iam::123456789012:role/carillon-containers",
  logGroup: "/carillon/containers",
  region: "eu-central-1",
};
const DEFINITION = { type: "container", image: "example/report:1", cpu: 256, memoryMb: 512 } as const;

const LOST = new EcsError("ServerException", "Internal error");

/** What a container does: it prints lines, and ends with a code or goes on until it is stopped. */
interface Behaviour {
  readonly prints?: readonly string[];
  readonly exits?: number;
  readonly atSigterm?: number | "never";
}

const open: { processes: HandProcess[]; clients: { destroy(): void }[] }[] = [];
afterEach(() => {
  for (const { processes, clients } of open.splice(0)) {
    for (const process of processes) process.exit(0);
    for (const client of clients) client.destroy();
  }
});

function openExecutor(
  behave: (start: FakeStart) => Behaviour = () => ({ exits: 0 }),
  logsHandler?: ReturnType<typeof requestHandler>,
) {
  const processes: HandProcess[] = [];
  const starts: FakeStart[] = [];
  const logs = new FakeLogs({ groups: [PLACE.logGroup] });
  const ecs = new FakeEcs({
    cluster: PLACE.cluster,
    onStart: (start) => {
      const { prints = [], exits, atSigterm = 143 } = behave(start);
      print(logs, start.taskId, prints);
      const process = new HandProcess({ atSigterm });
      processes.push(process);
      starts.push(start);
      if (exits !== undefined) process.exit(exits);
      return process;
    },
  });
  const ecsClient = new ECSClient({
    ...OFFLINE,
    ...clientConfig({ requestHandler: requestHandler(ecs.handle), maxAttempts: 1 }),
  });
  const logsClient = new CloudWatchLogsClient({
    ...OFFLINE,
    ...clientConfig({ requestHandler: logsHandler ?? logsRequestHandler(logs), maxAttempts: 1 }),
  });
  open.push({ processes, clients: [ecsClient, logsClient] });
  const newExecutor = () =>
    new ContainerExecutor({ ecs: ecsClient, logs: logsClient, place: PLACE, workerId: "w1", clock: new HastyClock() });
  return { ecs, logs, executor: newExecutor(), newExecutor, processes, starts };
}

function print(logs: FakeLogs, taskId: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const stream = { logGroupName: PLACE.logGroup, logStreamName: logStreamOf(taskId) };
  logs.handle("Logs_20140328.CreateLogStream", JSON.stringify(stream));
  const logEvents = lines.map((message) => ({ timestamp: Date.now(), message }));
  logs.handle("Logs_20140328.PutLogEvents", JSON.stringify({ ...stream, logEvents }));
}

function aContainer(
  overrides: Partial<ContainerDefinition> = {},
  task: { attempt?: number; epoch?: number; runId?: string } = {},
) {
  return aTask<ContainerDefinition>({ ...DEFINITION, ...overrides }, task);
}

/** Stops the attempt once its container runs. */
async function stopOnceRunning(starts: readonly FakeStart[], stop: () => void): Promise<void> {
  await eventually(() => starts.length > 0, "a container to start");
  stop();
}

describe("ContainerExecutor", () => {
  it("runs a container to its end, with its output in the log of the run", async () => {
    const { executor } = openExecutor(() => ({ prints: ["one", "two"], exits: 0 }));
    const io = new RecordedIo();

    expect(await executor.execute(aContainer(), io)).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("stdout")).toEqual(["one", "two"]);
    expect(io.lines("system")).toEqual([expect.stringMatching(/^Started as ECS task [0-9a-f]{32}$/)]);
  });

  it("tells the container which attempt it is, and gives it its command and environment", async () => {
    const { executor, starts } = openExecutor();
    const task = aTask<ContainerDefinition>(
      { ...DEFINITION, command: ["report", "--day", "2026-03-30"], environment: { BUCKET: "reports" } },
      { parameters: { shop: "berlin" } },
    );
    await executor.execute(task, new RecordedIo());

    expect(starts[0]).toMatchObject({ image: "example/report:1", command: ["report", "--day", "2026-03-30"] });
    expect(starts[0]?.environment).toEqual({
      BUCKET: "reports",
      CARILLON_RUN_ID: task.runId,
      CARILLON_ATTEMPT: "2",
      CARILLON_EPOCH: "7",
      CARILLON_SLOT: "2026-03-31T04:05:06.789Z",
      CARILLON_JOB: "report",
      CARILLON_NAMESPACE: "acme",
      CARILLON_WORKER_ID: "w1",
      CARILLON_PARAMETERS: '{"shop":"berlin"}',
    });
  });

  it("asks ECS for what the definition says", async () => {
    const { executor, ecs } = openExecutor();
    const taskRole = "arn:aws:iam::123456789012:role/report";
    await executor.execute(
      aContainer({ cpu: 1024, memoryMb: 4096, architecture: "x86_64", taskRole, ephemeralStorageGb: 50, spot: true }),
      new RecordedIo(),
    );

    const [family = ""] = ecs.families();
    expect(family).toMatch(/^carillon-run-[0-9a-f]{16}$/);
    expect(ecs.definitionsOf(family)).toEqual([
      expect.objectContaining({
        cpu: "1024",
        memory: "4096",
        runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
        taskRoleArn: taskRole,
        executionRoleArn: PLACE.executionRole,
        ephemeralStorage: { sizeInGiB: 50 },
      }),
    ]);
  });

  it("registers a task definition once for all runs alike, whoever registered it", async () => {
    const { ecs, executor, newExecutor } = openExecutor();
    for (const command of [["a"], ["b"]]) await executor.execute(aContainer({ command }), new RecordedIo());
    await newExecutor().execute(aContainer({ command: ["c"] }), new RecordedIo());

    const count = (operation: string): number => ecs.calls.filter((call) => call === operation).length;
    expect(count("RegisterTaskDefinition")).toBe(1);
    expect(count("DescribeTaskDefinition")).toBe(2);
    expect(count("RunTask")).toBe(3);
  });

  it("puts texts that are too large for an attempt into a task definition of their own", async () => {
    const { ecs, executor, starts } = openExecutor();
    const command = ["report", "x".repeat(9_000)];
    await executor.execute(aContainer({ command, environment: { A: "1" } }), new RecordedIo());

    expect(starts[0]?.command).toEqual(command);
    expect(starts[0]?.environment).toMatchObject({ A: "1", CARILLON_EPOCH: "7" });
    expect(ecs.definitionsOf(ecs.families()[0] ?? "")[0]?.containerDefinitions[0]?.command).toEqual(command);
  });

  it("refuses parameters that ECS has no room for", async () => {
    const { ecs, executor } = openExecutor();
    const task = aTask<ContainerDefinition>(DEFINITION, { parameters: { text: "x".repeat(9_000) } });

    expect(await executor.execute(task, new RecordedIo())).toMatchObject({
      error: { name: "PARAMETERS_TOO_LARGE", retryable: false, message: expect.stringContaining("(at most 8192)") },
    });
    expect(ecs.calls).toEqual([]);
  });

  it.each<[string, Behaviour, object]>([
    [
      "an exit code",
      { exits: 3, prints: ["no such table", " "] },
      { exitCode: 3, error: { name: "EXIT_CODE", message: "Container ended with exit code 3: no such table" } },
    ],
    [
      "a kill",
      { exits: 137 },
      { exitCode: 137, error: { name: "EXIT_CODE", message: "Container ended with exit code 137" } },
    ],
  ])("fails with %s", async (_, behaviour, outcome) => {
    const { executor } = openExecutor(() => behaviour);
    expect(await executor.execute(aContainer(), new RecordedIo())).toEqual({ ok: false, ...outcome });
  });

  it("says why a container did not start", async () => {
    const { executor } = openExecutor(() => {
      throw new Error("pull image manifest has been retried 5 time(s)");
    });
    expect(await executor.execute(aContainer(), new RecordedIo())).toEqual({
      ok: false,
      error: {
        name: "START_FAILED",
        message: "Container did not start: CannotPullContainerError: pull image manifest has been retried 5 time(s)",
      },
    });
  });

  it.each([
    ["SPOT_INTERRUPTED", (ecs: FakeEcs) => ecs.interrupt(ecs.tasks()[0]?.id ?? "")],
    ["TASK_STOPPED", (ecs: FakeEcs) => ecs.tasks()[0]?.stop("UserInitiated", "Stopped in the console")],
  ])("tells %s from an end of the container's own", async (name, interrupt) => {
    const { executor, ecs, starts } = openExecutor(() => ({ atSigterm: 0 }));
    const outcome = executor.execute(aContainer(), new RecordedIo());
    await stopOnceRunning(starts, () => interrupt(ecs));

    expect(await outcome).toMatchObject({ ok: false, exitCode: 0, error: { name } });
  });

  it("stops the container, and says that it has", async () => {
    const { executor, starts, processes } = openExecutor(() => ({ prints: ["working"] }));
    const io = new RecordedIo();
    const outcome = executor.execute(aContainer(), io);
    await stopOnceRunning(starts, () => io.stop("cancel", 10_000));

    expect(await outcome).toMatchObject({
      ok: false,
      exitCode: 143,
      error: { name: "CANCELLED" },
      stop: {
        reason: "cancel",
        confirmed: true,
        evidence: expect.stringMatching(/was asked to stop and has stopped$/),
      },
    });
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
    expect(io.lines("stdout")).toEqual(["working"]);
  });

  it("says when the container has not stopped in time", async () => {
    const { executor, starts } = openExecutor(() => ({ atSigterm: "never" }));
    const io = new RecordedIo();
    const outcome = executor.execute(aContainer(), io);
    await stopOnceRunning(starts, () => io.stop("drain", 5_000));

    expect(await outcome).toMatchObject({
      error: { name: "DRAINED" },
      stop: { confirmed: false, evidence: expect.stringContaining("had not 10 s later") },
    });
  });

  it("starts nothing when it was to stop before it began", async () => {
    const { executor, ecs } = openExecutor();
    const io = new RecordedIo();
    io.stop("cancel", 0);

    expect(await executor.execute(aContainer(), io)).toMatchObject({ stop: { confirmed: true } });
    expect(ecs.calls).toEqual([]);
  });

  it("stops what a worker that died has left running before it starts the next attempt's container", async () => {
    const { executor, newExecutor, starts, processes } = openExecutor(({ environment }) =>
      environment["CARILLON_EPOCH"] === "7" ? {} : { exits: 0 },
    );
    const runId = "acme.report@20260331T040506.789Z";
    void executor.execute(aContainer({}, { runId, epoch: 7 }), new RecordedIo());
    await eventually(() => starts.length > 0, "the first container");

    const io = new RecordedIo();
    expect(await newExecutor().execute(aContainer({}, { runId, epoch: 8 }), io)).toEqual({ ok: true, exitCode: 0 });
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
    expect(io.lines("system")[0]).toBe(
      `Stopping what a former attempt has left running: ECS task ${starts[0]?.taskId}`,
    );
  });

  it("starts no second container beside one that does not stop", async () => {
    const { executor, newExecutor, starts } = openExecutor(() => ({ atSigterm: "never" }));
    const runId = "acme.report@20260331T040506.789Z";
    const io = new RecordedIo();
    const first = executor.execute(aContainer({}, { runId, epoch: 7 }), io);
    await stopOnceRunning(starts, () => io.stop("drain", 0));
    await first;

    expect(await newExecutor().execute(aContainer({}, { runId, epoch: 8 }), new RecordedIo())).toMatchObject({
      error: { name: "LEFTOVER_RUNNING" },
    });
    expect(starts).toHaveLength(1);
  });

  it("leaves the container of a later attempt alone", async () => {
    const { executor, newExecutor, starts, processes } = openExecutor(() => ({}));
    const runId = "acme.report@20260331T040506.789Z";
    void executor.execute(aContainer({}, { runId, epoch: 8 }), new RecordedIo());
    await eventually(() => starts.length > 0, "the first container");

    expect(await newExecutor().execute(aContainer({}, { runId, epoch: 7 }), new RecordedIo())).toMatchObject({
      error: { name: "TAKEN_OVER" },
    });
    expect(processes[0]?.signals).toEqual([]);
  });

  it("finds what still stops among many runs alike", async () => {
    const behaviour: { exits?: number; atSigterm: "never" } = { exits: 0, atSigterm: "never" };
    const { executor, newExecutor, starts } = openExecutor(() => behaviour);
    for (let run = 0; run < 101; run += 1) await executor.execute(aContainer({}, { attempt: 1 }), new RecordedIo());
    delete behaviour.exits;
    const io = new RecordedIo();
    const runId = "acme.report@20260331T040506.789Z";
    const first = executor.execute(aContainer({}, { runId, epoch: 7, attempt: 1 }), io);
    await eventually(() => starts.length > 101, "the container that stays");
    io.stop("drain", 0);
    await first;

    expect(
      await newExecutor().execute(aContainer({}, { runId, epoch: 8, attempt: 2 }), new RecordedIo()),
    ).toMatchObject({ error: { name: "LEFTOVER_RUNNING" } });
  });

  it("looks for leftovers once before a first attempt", async () => {
    const { executor, ecs } = openExecutor();
    await executor.execute(aContainer({}, { attempt: 1 }), new RecordedIo());

    expect(ecs.calls.filter((call) => call === "ListTasks")).toHaveLength(1);
  });

  it("stays with a container that was started although the answer was lost", async () => {
    const { executor, ecs, starts } = openExecutor();
    ecs.failNext("RunTask", LOST, { isApplied: true });
    const io = new RecordedIo();

    expect(await executor.execute(aContainer(), io)).toEqual({ ok: true, exitCode: 0 });
    expect(starts).toHaveLength(1);
    expect(io.lines("system")).toEqual([
      "ECS did not say whether it has started the container: asking again",
      `Started as ECS task ${starts[0]?.taskId}`,
    ]);
  });

  it("stays with the container that the same attempt has started by another request", async () => {
    const { executor, newExecutor, starts } = openExecutor();
    const attempt = { runId: "acme.report@20260331T040506.789Z", epoch: 7 };
    await executor.execute(aContainer({ command: ["a"] }, attempt), new RecordedIo());
    const io = new RecordedIo();

    expect(await newExecutor().execute(aContainer({ command: ["b"] }, attempt), io)).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("system")).toEqual([`Started as ECS task ${starts[0]?.taskId}`]);
    expect(starts).toHaveLength(1);
  });

  it("fails when it stays in doubt, and stops what it finds", async () => {
    const { executor, ecs, starts, processes } = openExecutor(() => ({}));
    ecs.failNext("RunTask", LOST, { isApplied: true });
    for (let repeat = 1; repeat <= 5; repeat += 1)
      ecs.failNext("RunTask", new EcsError("AccessDeniedException", "No."));

    expect(await executor.execute(aContainer(), new RecordedIo())).toEqual({
      ok: false,
      error: { name: "OUTCOME_UNKNOWN", message: "Cannot start a container of example/report:1: Internal error" },
    });
    expect(ecs.calls.filter((call) => call === "RunTask")).toHaveLength(6);
    expect(starts).toHaveLength(1);
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
  });

  it("asks for the container in doubt even when the attempt is to stop, and stops it", async () => {
    const io = new RecordedIo();
    const { executor, ecs, starts, processes } = openExecutor(() => {
      io.stop("cancel", 10_000);
      return {};
    });
    ecs.failNext("RunTask", LOST, { isApplied: true });

    expect(await executor.execute(aContainer(), io)).toMatchObject({
      error: { name: "CANCELLED" },
      stop: { confirmed: true },
    });
    expect(starts).toHaveLength(1);
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
  });

  it.each([
    ["AccessDeniedException", "ACCESS_DENIED", false],
    ["InvalidParameterException", "REQUEST_INVALID", false],
    ["ThrottlingException", "THROTTLED", undefined],
    ["ClientException", "SERVICE_FAILED", undefined],
  ])("tells what %s means", async (error, name, retryable) => {
    const { executor, ecs } = openExecutor();
    ecs.failNext("RunTask", new EcsError(error, "No."));

    expect(await executor.execute(aContainer(), new RecordedIo())).toEqual({
      ok: false,
      error: {
        name,
        message: "Cannot start a container of example/report:1: No",
        ...(retryable === undefined ? {} : { retryable }),
      },
    });
  });

  it("goes on when ECS does not answer for a while", async () => {
    const { executor, ecs } = openExecutor();
    for (let failure = 0; failure < 10; failure += 1) {
      ecs.failNext("DescribeTasks", new EcsError("ThrottlingException", "Rate exceeded"));
    }
    expect(await executor.execute(aContainer(), new RecordedIo())).toEqual({ ok: true, exitCode: 0 });
  });

  it("gives up a container that it can't see any more, and asks it to stop", async () => {
    const { executor, ecs, processes } = openExecutor(() => ({}));
    for (let failure = 0; failure < 50; failure += 1) {
      ecs.failNext("DescribeTasks", new EcsError("AccessDeniedException", "No."));
    }
    expect(await executor.execute(aContainer(), new RecordedIo())).toMatchObject({ error: { name: "ACCESS_DENIED" } });
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
  });

  it("runs on when the output can't be read, and says so once", async () => {
    const body = '{"__type":"AccessDeniedException","message":"no"}';
    const { executor } = openExecutor(
      undefined,
      requestHandler(() => ({ status: 400, body })),
    );
    const io = new RecordedIo();

    expect(await executor.execute(aContainer(), io)).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("system").filter((line) => line === "Cannot read the container's output: no")).toHaveLength(1);
  });
});
