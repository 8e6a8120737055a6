import { ECSClient } from "@aws-sdk/client-ecs";
import { afterEach, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { DeploymentWatch } from "../../../adapters/aws/deployment-watch.ts";
import { EcsFleet } from "../../../adapters/aws/ecs-fleet.ts";
import { EcsError, FakeEcs } from "../../support/aws/fake-ecs.ts";
import { OFFLINE, requestHandler } from "../../support/aws/fake-service.ts";
import { HandProcess } from "../../support/aws/hand-process.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const CLUSTER = "carillon";
const SERVICE = "carillon-default";
const FAMILY = "carillon-worker-default";
const MINUTE_MS = 60_000;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A service with protected workers of revision 1, and a revision 2 that is not deployed; one of the workers watches. */
async function openWatch({ workers = 1, isBroken = false, isOnEcs = true } = {}) {
  const failing = { isOn: false };
  const ecs = new FakeEcs({
    cluster: CLUSTER,
    onStart: () => {
      if (failing.isOn) throw new Error("no such image");
      return new HandProcess({ atSigterm: 0 });
    },
  });
  for (const image of ["worker:1", "worker:2"]) {
    ecs.register({
      family: FAMILY,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
      containerDefinitions: [{ name: "worker", image }],
    });
    if (image === "worker:1") ecs.createService({ name: SERVICE, family: FAMILY, desiredCount: workers });
  }
  await eventually(async () => (ecs.tasks().every(({ lastStatus }) => lastStatus === "RUNNING") ? true : undefined));
  for (const task of ecs.tasks()) task.isProtected = true;
  failing.isOn = isBroken;
  const handler = requestHandler(ecs.handle);
  const client = new ECSClient({ ...OFFLINE, ...clientConfig({ requestHandler: handler, maxAttempts: 1 }) });
  const clock = new ManualClock();
  const errors: Error[] = [];
  const told = { times: 0 };
  const ended = new AbortController();
  const watch = new DeploymentWatch({
    client,
    cluster: CLUSTER,
    service: SERVICE,
    taskDefinition: isOnEcs ? `${FAMILY}:1` : undefined,
    clock,
    onReplaced: () => (told.times += 1),
    onError: (error) => errors.push(error as Error),
  });
  const watching = watch.keep(ended.signal);
  cleanUps.push(
    () => ecs.close(),
    () => client.destroy(),
    () => (ended.abort(), watching),
  );
  /** Lets a look happen. */
  const look = async (): Promise<void> => {
    await clock.advance(MINUTE_MS);
    await eventually(async () => (clock.sleeping > 0 || told.times > 0 ? true : undefined));
  };
  const deploy = (revision: number): void => ecs.deploy(SERVICE, `${FAMILY}:${revision}`);
  return { ecs, client, clock, errors, told, ended, watching, look, deploy };
}

describe("DeploymentWatch", () => {
  it("tells the worker once that tasks of another definition have run for two looks", async () => {
    const { ecs, deploy, look, told, watching } = await openWatch();
    await look();
    expect(told.times).toBe(0);
    deploy(2);
    await look();
    expect(told.times).toBe(0);
    await look();
    await watching;

    expect(told.times).toBe(1);
    expect(ecs.calls).toEqual(Array(3).fill("DescribeServices"));
  });

  it("asks once a minute", async () => {
    const { ecs, clock, look } = await openWatch();
    await clock.advance(MINUTE_MS - 1);
    expect(ecs.calls).toEqual([]);
    await look();

    expect(ecs.calls).toEqual(["DescribeServices"]);
  });

  it("tells nothing when the deployment is taken back before the second look", async () => {
    const { deploy, look, told } = await openWatch();
    for (const revision of [2, 1, 2, 1]) {
      deploy(revision);
      await look();
    }

    expect(told.times).toBe(0);
  });

  it("tells nothing while no task of the other definition starts", async () => {
    const { deploy, look, told } = await openWatch({ isBroken: true });
    deploy(2);
    for (let minute = 0; minute < 5; minute += 1) await look();

    expect(told.times).toBe(0);
  });

  it("tells the worker when there is no room for another before an old one is gone", async () => {
    const { ecs, client, deploy, look, told } = await openWatch({ workers: 2 });
    await new EcsFleet({ client, cluster: CLUSTER, installation: "carillon" }).resize("default", 1);
    deploy(2);
    expect(ecs.tasks()).toHaveLength(2);
    for (let minute = 0; minute < 2; minute += 1) await look();

    expect(told.times).toBe(1);
  });

  it("tells of a look that failed, and looks again", async () => {
    const { ecs, deploy, look, told, errors } = await openWatch();
    deploy(2);
    ecs.failNext("DescribeServices", new EcsError("AccessDeniedException", "No."));
    for (let minute = 0; minute < 3; minute += 1) await look();

    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Cannot read service "carillon-default" of cluster "carillon": .*No/),
    ]);
    expect(told.times).toBe(1);
  });

  it("ends when it is told to, in the midst of its rest", async () => {
    const { ecs, ended, watching, told } = await openWatch();
    ended.abort();
    await watching;

    expect([ecs.calls, told.times]).toEqual([[], 0]);
  });

  it("does nothing outside ECS", async () => {
    const { clock, watching, told } = await openWatch({ isOnEcs: false });
    await watching;

    expect([clock.sleeping, told.times]).toEqual([0, 0]);
  });
});
