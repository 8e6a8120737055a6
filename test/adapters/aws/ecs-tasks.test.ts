import { ECSClient } from "@aws-sdk/client-ecs";
import { afterEach, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { describeTasks, listTasks } from "../../../adapters/aws/ecs-tasks.ts";
import { FakeEcs } from "../../support/aws/fake-ecs.ts";
import { OFFLINE, requestHandler } from "../../support/aws/fake-service.ts";
import { HandProcess } from "../../support/aws/hand-process.ts";

const cluster = "carillon";
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A cluster with 120 tasks of one service. */
function openCluster() {
  const ecs = new FakeEcs({ cluster, onStart: () => new HandProcess({ atSigterm: 0 }) });
  ecs.register({
    family: "worker",
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    containerDefinitions: [{ name: "worker", image: "worker:1" }],
  });
  ecs.createService({ name: "workers", family: "worker", desiredCount: 120 });
  const handler = requestHandler(ecs.handle);
  const client = new ECSClient({ ...OFFLINE, ...clientConfig({ requestHandler: handler, maxAttempts: 1 }) });
  cleanUps.push(
    () => ecs.close(),
    () => client.destroy(),
  );
  return { ecs, client };
}

describe("listTasks() and describeTasks()", () => {
  it("go on until they have all tasks", async () => {
    const { client, ecs } = openCluster();
    const tasks = await listTasks(client, { cluster, family: "worker" });

    expect(tasks).toHaveLength(120);
    expect((await describeTasks(client, { cluster, tasks })).size).toBe(120);
    expect(ecs.calls).toEqual(["ListTasks", "ListTasks", "DescribeTasks", "DescribeTasks"]);
  });

  it("ask for nothing when there is nothing to describe", async () => {
    const { client, ecs } = openCluster();

    expect((await describeTasks(client, { cluster, tasks: [] })).size).toBe(0);
    expect(ecs.calls).toEqual([]);
  });

  it.each([{ family: "worker" }, { desiredStatus: "RUNNING" }] as const)(
    "are refused startedBy beside %o, as ECS documents it",
    async (other) => {
      const { client } = openCluster();

      await expect(listTasks(client, { cluster, startedBy: "x", ...other })).rejects.toMatchObject({
        name: "InvalidParameterException",
        message: expect.stringContaining("it must be the only filter"),
      });
    },
  );
});
