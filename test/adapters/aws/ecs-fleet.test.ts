import { ECSClient } from "@aws-sdk/client-ecs";
import { afterEach, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { ecsProcess, readEcsFates } from "../../../adapters/aws/ecs-fates.ts";
import { EcsFleet } from "../../../adapters/aws/ecs-fleet.ts";
import { fleetConformance } from "../../conformance/fleet-conformance.ts";
import { EcsError, FakeEcs } from "../../support/aws/fake-ecs.ts";
import { OFFLINE, requestHandler, serve } from "../../support/aws/fake-service.ts";
import { HandProcess } from "../../support/aws/hand-process.ts";
import { eventually } from "../../support/eventually.ts";
import { HastyClock } from "../../support/hasty-clock.ts";

const CLUSTER = "carillon";
const WORKER = {
  family: "carillon-worker",
  requiresCompatibilities: ["FARGATE"],
  networkMode: "awsvpc",
  cpu: "256",
  memory: "512",
  containerDefinitions: [{ name: "worker", image: "carillon-worker:1", stopTimeout: 120 }],
} as const;

const opened: { processes: HandProcess[]; client: ECSClient }[] = [];

/** Pools `default`, `small` and `large`; what runs in their tasks ends with `atSigterm` when it is asked to. */
function openFleet({ atSigterm = 0 }: { readonly atSigterm?: number | "never" } = {}) {
  const processes: HandProcess[] = [];
  const ecs = new FakeEcs({
    cluster: CLUSTER,
    onStart: () => {
      const process = new HandProcess({ atSigterm });
      processes.push(process);
      return process;
    },
  });
  ecs.register({
    ...WORKER,
    requiresCompatibilities: ["FARGATE"],
    containerDefinitions: [...WORKER.containerDefinitions],
  });
  for (const pool of ["default", "small", "large"])
    ecs.createService({ name: `carillon-${pool}`, family: WORKER.family });
  const client = new ECSClient({
    ...OFFLINE,
    ...clientConfig({ requestHandler: requestHandler(ecs.handle), maxAttempts: 1 }),
  });
  opened.push({ processes, client });
  const fleet = new EcsFleet({ client, cluster: CLUSTER, installation: "carillon", clock: new HastyClock() });
  return { ecs, client, fleet, processes };
}

async function oneRunning(fleet: EcsFleet): Promise<string> {
  await fleet.resize("default", 1);
  return (await eventually(async () => (await fleet.list()).find(({ state }) => state === "running"))).workerId;
}

afterEach(() => {
  for (const { processes, client } of opened.splice(0)) {
    for (const process of processes) process.exit(0);
    client.destroy();
  }
});

fleetConformance("ECS", () => Promise.resolve(openFleet().fleet));

describe("EcsFleet", () => {
  it("resize() asks before it changes, and changes nothing that is right already", async () => {
    const { ecs, fleet } = openFleet();
    await fleet.resize("default", 3);
    await fleet.resize("default", 3);

    expect(ecs.calls).toEqual(["DescribeServices", "UpdateService", "DescribeServices"]);
    expect(ecs.tasks().filter(({ desiredStatus }) => desiredStatus === "RUNNING")).toHaveLength(3);
  });

  it.each([-1, 1.5, 1_001, Number.NaN])("resize() refuses %d workers", async (count) => {
    await expect(openFleet().fleet.resize("default", count)).rejects.toMatchObject({
      code: "INVALID",
      message: `Cannot resize pool "default": count must be from 0 to 1000; got ${count}`,
    });
  });

  it("resize() names the service that is missing", async () => {
    await expect(openFleet().fleet.resize("huge", 1)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: 'Cannot read service "carillon-huge" of cluster "carillon": there is no such service',
    });
  });

  it("list() goes through pages and batches, and leaves out tasks that are no workers", async () => {
    const { ecs, fleet } = openFleet();
    ecs.createService({ name: "somebody-else", family: WORKER.family, desiredCount: 2 });
    await fleet.resize("large", 230);
    ecs.calls.length = 0;

    const members = await fleet.list();

    expect(members).toHaveLength(230);
    expect(new Set(members.map(({ pool }) => pool))).toEqual(new Set(["large"]));
    expect(ecs.calls).toEqual([...Array(3).fill("ListTasks"), ...Array(3).fill("DescribeTasks")]);
  });

  it("list() says when ECS throttles", async () => {
    const { ecs, fleet } = openFleet();
    ecs.failNext("ListTasks", new EcsError("ThrottlingException", "Rate exceeded"));

    await expect(fleet.list()).rejects.toMatchObject({ code: "THROTTLED" });
  });

  it("stop() tells a worker that was killed from one that has drained", async () => {
    const { fleet, processes } = openFleet({ atSigterm: 137 });

    expect(await fleet.stop(await oneRunning(fleet), { graceMs: 120_000 })).toEqual({ stopped: true, how: "killed" });
    expect(processes[0]?.signals).toEqual(["SIGTERM"]);
  });

  it("stop() says when the task has not stopped within the time", async () => {
    const { fleet, processes } = openFleet({ atSigterm: "never" });
    const workerId = await oneRunning(fleet);

    expect(await fleet.stop(workerId, { graceMs: 120_000 })).toEqual({ stopped: false, how: "timeout" });
    processes[0]?.exit(0);
    await eventually(async () => ((await fleet.stop(workerId, { graceMs: 0 })).how === "drained" ? true : undefined));
  });

  it("stop() leaves alone what is no worker of ours", async () => {
    const { ecs, fleet, processes } = openFleet();
    ecs.createService({ name: "somebody-else", family: WORKER.family, desiredCount: 1 });

    const [task] = ecs.tasks();
    expect(await fleet.stop(task?.id ?? "", { graceMs: 0 })).toEqual({ stopped: true, how: "absent" });
    expect(processes[0]?.signals).toEqual([]);
  });

  it("works over HTTP as other processes use it", async () => {
    const { ecs } = openFleet();
    const server = await serve(ecs.handle);
    const client = new ECSClient({ ...OFFLINE, ...clientConfig(), endpoint: server.url });
    const fleet = new EcsFleet({ client, cluster: CLUSTER, installation: "carillon", clock: new HastyClock() });

    await fleet.stop(await oneRunning(fleet), { graceMs: 1_000 });
    client.destroy();
    await server.close();
  });
});

describe("readEcsFates()", () => {
  it("knows for certain only of tasks that have stopped or that ECS has forgotten", async () => {
    const { ecs, client, fleet, processes } = openFleet();
    await fleet.resize("default", 3);
    const [living, stopped, forgotten] = await eventually(async () => {
      const all = await fleet.list();
      return all.every(({ state }) => state === "running") ? all.map(({ workerId }) => workerId) : undefined;
    });
    if (living === undefined || stopped === undefined || forgotten === undefined)
      throw new Error("Three were asked for");
    for (const id of [stopped, forgotten]) {
      const index = ecs.tasks().findIndex((task) => task.id === id);
      processes[index]?.exit(1);
      await ecs.tasks()[index]?.ended;
    }
    ecs.forget(forgotten);

    const fateOf = await readEcsFates(client, { cluster: CLUSTER, taskIds: [living, stopped, forgotten] });

    expect(fateOf(ecsProcess(living))).toBe("unknown");
    expect(fateOf(ecsProcess(stopped))).toBe("gone");
    expect(fateOf(ecsProcess(forgotten))).toBe("gone");
    expect(fateOf(ecsProcess("0".repeat(32)))).toBe("unknown");
    expect(fateOf({ host: stopped, pid: 1, space: "another" })).toBe("unknown");
  });

  it("asks nothing when there is nobody to ask about", async () => {
    const { ecs, client } = openFleet();
    await readEcsFates(client, { cluster: CLUSTER, taskIds: [] });
    expect(ecs.calls).toEqual([]);
  });

  it("says when the cluster is not there", async () => {
    const { client } = openFleet();
    await expect(readEcsFates(client, { cluster: "other", taskIds: ["0".repeat(32)] })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining('Cannot describe the tasks of cluster "other"'),
    });
  });
});
