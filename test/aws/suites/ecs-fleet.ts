import {
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteClusterCommand,
  DeleteServiceCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { EcsFleet } from "../../../adapters/aws/ecs-fleet.ts";
import { installation } from "../installation.ts";

const client = new ECSClient(clientConfig());
const cluster = installation;
const services = ["small", "large"].map((pool) => `${installation}-${pool}`);

beforeAll(async () => {
  await client.send(new CreateClusterCommand({ clusterName: cluster }));
  await client.send(
    new RegisterTaskDefinitionCommand({
      family: installation,
      containerDefinitions: [{ name: "worker", image: "carillon-test", memory: 128, essential: true }],
    }),
  );
  for (const serviceName of services) {
    await client.send(
      new CreateServiceCommand({ cluster, serviceName, taskDefinition: installation, desiredCount: 0 }),
    );
  }
});

afterAll(async () => {
  for (const service of services) await client.send(new DeleteServiceCommand({ cluster, service, force: true }));
  await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: `${installation}:1` }));
  await client.send(new DeleteClusterCommand({ cluster }));
  client.destroy();
});

/** The cluster has no machines: what is asked of ECS is seen, what would run there is not. */
describe("EcsFleet, without machines", () => {
  it("resize() sets how many tasks the service of a pool wants, from none and to none, and of no other pool", async () => {
    const fleet = aFleet();

    await fleet.resize("small", 3);
    expect(await desiredCounts()).toEqual([3, 0]);
    await fleet.resize("large", 1);
    await fleet.resize("small", 0);
    expect(await desiredCounts()).toEqual([0, 1]);
    await fleet.resize("large", 0);
  });

  it("resize() of a pool without a service says so", async () => {
    await expect(aFleet().resize("nowhere", 1)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining(`"${installation}-nowhere"`) as string,
    });
  });

  it("list() of a fleet without workers is empty", async () => {
    expect(await aFleet().list()).toEqual([]);
  });

  it.each(["nobody", "0123456789abcdef0123456789abcdef"])("stop() of worker %j, which is none, says so", async (id) => {
    expect(await aFleet().stop(id, { graceMs: 0 })).toEqual({ stopped: true, how: "absent" });
  });
});

function aFleet(): EcsFleet {
  return new EcsFleet({ client, cluster, installation });
}

async function desiredCounts(): Promise<(number | undefined)[]> {
  const reply = await client.send(new DescribeServicesCommand({ cluster, services: [...services] }));
  return services.map((name) => reply.services?.find(({ serviceName }) => serviceName === name)?.desiredCount);
}
