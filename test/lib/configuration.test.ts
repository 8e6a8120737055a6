import { describe, expect, it } from "vitest";
import { configuration as example } from "../../carillon.config.ts";
import { ConfigurationError, readConfiguration } from "../../lib/read-configuration.ts";

const POOL = { cpu: 512, memoryMb: 1_024 };
const POOLS = { default: POOL };

function faultsOf(input: unknown): readonly string[] {
  try {
    readConfiguration(input);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const REFUSALS: readonly (readonly [what: string, input: object, fault: string])[] = [
  ["no pools", {}, "pools: is required"],
  ["an empty set of pools", { pools: {} }, "pools: must have at least one pool, not {}"],
  [
    "more pools than a stack has room for",
    { pools: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`pool-${index}`, POOL])) },
    "pools: must have at most 10 pools",
  ],
  [
    "a pool's name that no queue can have",
    { pools: { "Big.One": POOL } },
    "pools.Big.One: must be 1 to 40 lower-case letters, digits and '-', not at its ends, not \"Big.One\"",
  ],
  [
    "processor units that Fargate does not have",
    { pools: { default: { cpu: 300, memoryMb: 512 } } },
    "pools.default.cpu: cpu must be one of 256, 512, 1024, 2048, 4096, 8192, 16384, not 300",
  ],
  [
    "memory that does not go with the processor",
    { pools: { default: { cpu: 512, memoryMb: 700 } } },
    "pools.default.memoryMb: with cpu 512 it must be from 1024 to 4096 in steps of 1024, not 700",
  ],
  ["no memory", { pools: { default: { cpu: 512 } } }, "pools.default.memoryMb: is required"],
  [
    "more least tasks than most tasks",
    { pools: { default: { ...POOL, minTasks: 3, maxTasks: 1 } } },
    "pools.default.maxTasks: must be at least minTasks, 3, not 1",
  ],
  [
    "a share of Spot above 1",
    { pools: { default: { ...POOL, spotShare: 70 } } },
    "pools.default.spotShare: must be 0 to 1, not 70",
  ],
  [
    "a processor that Lambda and Fargate do not have",
    { pools: { default: { ...POOL, architecture: "sparc" } } },
    'pools.default.architecture: must be arm64 or x64, not "sparc"',
  ],
  ["a misspelt field", { pools: POOLS, alarm: {} }, "alarm: is not a known field"],
  [
    "a misspelt field of a pool",
    { pools: { default: { ...POOL, maxTask: 3 } } },
    "pools.default.maxTask: is not a known field",
  ],
  [
    "a pool of the engine's name",
    { pools: { engine: POOL } },
    "pools.engine: must not be engine, which the engine itself uses",
  ],
  [
    "an installation's name that begins with a digit",
    { pools: POOLS, installation: "1st" },
    "installation: must be 1 to 20 lower-case letters, digits and '-', with a letter first and no '-' at its end, not \"1st\"",
  ],
  [
    "a network of another kind",
    { pools: POOLS, network: "private" },
    'network: must be "public" or {vpcId, subnetIds, assignPublicIp}, not "private"',
  ],
  [
    "an existing network with a subnet that is none",
    { pools: POOLS, network: { vpcId: "vpc-0123456789abcdef0", subnetIds: ["10.0.0.0/24"], assignPublicIp: false } },
    'network.subnetIds.0: must be an id such as subnet-0123456789abcdef0, not "10.0.0.0/24"',
  ],
  [
    "an existing network without subnets",
    { pools: POOLS, network: { vpcId: "vpc-0123456789abcdef0", subnetIds: [], assignPublicIp: false } },
    "network.subnetIds: must name at least one subnet, not []",
  ],
  [
    "an address that is none",
    { pools: POOLS, alarms: { email: "ana" } },
    'alarms.email: must be an email address, not "ana"',
  ],
  [
    "a webhook without encryption",
    { pools: POOLS, alarms: { webhooks: [{ url: "http://example.com" }] } },
    'alarms.webhooks.0.url: must be an https address, not "http://example.com"',
  ],
  [
    "a telephone number without its country",
    { pools: POOLS, alarms: { smsNumbers: ["01632960001"] } },
    'alarms.smsNumbers.0: must be a number such as +441632960001, not "01632960001"',
  ],
  [
    "a retention that CloudWatch does not have",
    { pools: POOLS, logRetentionDays: 31 },
    "logRetentionDays: must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, not 31",
  ],
  [
    "an authorizer that remembers for longer than API Gateway does",
    { pools: POOLS, api: { authorizerCacheSeconds: 7_200 } },
    "api.authorizerCacheSeconds: must be a whole number from 0 to 3600, not 7200",
  ],
  [
    "all functions of the account",
    { pools: POOLS, lambdaFunctions: ["*"] },
    "lambdaFunctions.0: must name functions: '*' alone would allow all, not \"*\"",
  ],
  [
    "a role that is none",
    { pools: POOLS, containerRoles: ["admin"] },
    'containerRoles.0: must be the ARN of a role, not "admin"',
  ],
  [
    "an image without a version",
    { pools: POOLS, workerImage: "example.com/worker" },
    'workerImage: must be the address of an image with its tag or digest, not "example.com/worker"',
  ],
  [
    "a budget of nothing",
    { pools: POOLS, budget: { monthlyUsd: 0, email: "a@example.com" } },
    "budget.monthlyUsd: must be above 0, not 0",
  ],
  [
    "more groups of ticks than there are shards to share",
    { pools: POOLS, scheduler: { groups: 9 } },
    "scheduler.groups: must be at most the number of shards, 8, not 9",
  ],
  [
    "a tick with more memory than accounts have at first",
    { pools: POOLS, scheduler: { memoryMb: 4_096 } },
    "scheduler.memoryMb: must be a whole number from 512 to 3008, not 4096",
  ],
  [
    "a misspelt field of workflows",
    { pools: POOLS, workflows: { stateMachine: false } },
    "workflows.stateMachine: is not a known field",
  ],
  [
    "a word in the place of a switch",
    { pools: POOLS, workflows: { stateMachines: "off" } },
    'workflows.stateMachines: must be a boolean, not "off"',
  ],
  [
    "a type of jobs that there is not",
    { pools: POOLS, executors: ["http", "shell"] },
    'executors.1: must be one of command, http, handler, lambda, container, not "shell"',
  ],
  ["no type of jobs", { pools: POOLS, executors: [] }, "executors: must name at least one type, not []"],
  [
    "a type of jobs twice",
    { pools: POOLS, executors: ["http", "http"] },
    'executors: must name each type once, not ["http","http"]',
  ],
  [
    "an account without a region",
    { pools: POOLS, account: "123456789012" },
    "region: must be given: account and region go together",
  ],
  [
    "a lead beyond the look-ahead",
    { pools: POOLS, knobs: { leadMs: 450_000 } },
    "knobs.leadMs: must be below lookAheadMs, 400000, not 450000",
  ],
  [
    "a look-ahead beyond what SQS delays",
    { pools: POOLS, knobs: { lookAheadMs: 3_600_000 } },
    "knobs.lookAheadMs: must be at most 700000",
  ],
  ["a knob that is none", { pools: POOLS, knobs: { lookahead: 1 } }, "knobs.lookahead: is not a known field"],
  [
    "a text in the place of a number",
    { pools: POOLS, api: { rate: "many" } },
    'api.rate: must be a whole number from 1 to 10000, not "many"',
  ],
  ["a tag of AWS's own", { pools: POOLS, tags: { "aws:x": "y" } }, 'tags.aws:x: must be a tag key, not "aws:x"'],
];

describe("the configuration", () => {
  it.each(REFUSALS)("refuses %s, and names field, rule and value", (_, input, fault) => {
    const faults = faultsOf(input);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it("allows as many groups of ticks as it has shards", () => {
    expect(faultsOf({ pools: POOLS, scheduler: { groups: 16 }, knobs: { shards: 16 } })).toEqual([]);
  });

  it("tells all that is wrong at once", () => {
    expect(faultsOf({ pools: {}, installation: "!", tags: 3 })).toHaveLength(3);
  });

  it("begins its message with the file to look into", () => {
    expect(() => readConfiguration({})).toThrow(/^Cannot use carillon\.config\.ts\n {2}pools: is required/);
  });

  it("works as it stands in the example", () => {
    expect(readConfiguration(example).pools).toHaveProperty("default");
  });

  it("asks for pools alone, and keeps off what costs something but the picture of workflows", () => {
    expect(readConfiguration({ pools: POOLS })).toMatchObject({
      installation: "carillon",
      network: "public",
      pools: { default: { slots: 8, minTasks: 0, spotShare: 0, architecture: "arm64" } },
      alarms: { webhooks: [], smsNumbers: [] },
      console: { enabled: false },
      tracing: false,
      scheduler: { groups: 1, memoryMb: 512 },
      workflows: { stateMachines: true },
      executors: ["command", "http", "handler", "lambda", "container"],
      lambdaFunctions: [],
      containerRoles: [],
      allow: [],
    });
  });
});
