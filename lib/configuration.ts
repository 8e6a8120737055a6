import { z } from "zod";
import { ENGINE_POOL } from "../core/fleet/pool-size.ts";
import { EXECUTOR_TYPES } from "../core/job/executor-types.ts";
import { checkFargateSize } from "../core/job/fargate-size.ts";
import { AWS_KNOBS, type Knobs } from "../core/knobs.ts";
import { MAX_DELAY_MS } from "../core/ports/queue.ts";

/** Retention periods that CloudWatch Logs has, in days. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653,
] as const;

/** Each is asked for by every tick. */
const MAX_SHARDS = 256;
/** Each pool brings 24 resources, of which a stack may have 500, and queues that each policy names, which has 10,240 characters. */
const MAX_POOLS = 10;

const poolName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, {
    error: "must be 1 to 40 lower-case letters, digits and '-', not at its ends",
  })
  .refine((name) => name !== ENGINE_POOL, { error: `must not be ${ENGINE_POOL}, which the engine itself uses` });

const poolSchema = z
  .strictObject({
    /** Processor units of one task: 1,024 make a vCPU. */
    cpu: z.int({ error: "must be a whole number" }),
    /** One of the sizes that Fargate has with so much processor. */
    memoryMb: z.int({ error: "must be a whole number" }),
    /** Runs at the same time in one task. */
    slots: between(1, 1_000).default(8),
    /** Above 0, tasks run and are billed around the clock. */
    minTasks: between(0, 1_000).default(0),
    maxTasks: between(1, 1_000).default(10),
    /** Part of the tasks that run on Spot capacity: cheaper, and stopped at two minutes' notice. */
    spotShare: z.number().min(0, { error: "must be 0 to 1" }).max(1, { error: "must be 0 to 1" }).default(0),
    architecture: z.enum(["arm64", "x64"], { error: "must be arm64 or x64" }).default("arm64"),
  })
  .superRefine((pool, context) => {
    const size = checkFargateSize(pool);
    if (size !== undefined) context.addIssue({ code: "custom", path: [size.field], message: size.rule });
    if (pool.minTasks > pool.maxTasks) {
      const message = `must be at least minTasks, ${pool.minTasks}`;
      context.addIssue({ code: "custom", path: ["maxTasks"], message });
    }
  });

const networkSchema = z.union(
  [
    z.literal("public"),
    z.strictObject({
      vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, { error: "must be an id such as vpc-0123456789abcdef0" }),
      subnetIds: z
        .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, { error: "must be an id such as subnet-0123456789abcdef0" }))
        .min(1, { error: "must name at least one subnet" })
        .max(16, { error: "must name at most 16 subnets" }),
      /** Needed in public subnets; in private ones the way out is the network's own. */
      assignPublicIp: z.boolean(),
    }),
  ],
  { error: 'must be "public" or {vpcId, subnetIds, assignPublicIp}' },
);

const email = z.email({ error: "must be an email address" });

const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https$/, error: "must be an https address" }),
  /** Name of an SSM parameter, best a SecureString, that holds the secret which messages are signed with. */
  secretParameter: z
    .string()
    .regex(/^\/?[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+){0,14}$/, { error: "must be the name of an SSM parameter" })
    .optional(),
});

const alarmsSchema = z.strictObject({
  email: email.optional(),
  webhooks: z.array(webhookSchema).max(10, { error: "must be at most 10" }).default([]),
  /** In international form. Text messages are billed by country. */
  smsNumbers: z
    .array(z.string().regex(/^\+[1-9][0-9]{6,14}$/, { error: "must be a number such as +441632960001" }))
    .max(10, { error: "must be at most 10" })
    .default([]),
  /** A run that has waited so long for a worker raises an alarm. */
  oldestUnclaimedMinutes: between(1, 1_440).default(15),
});

const apiSchema = z.strictObject({
  /** Requests a second, of all callers together. */
  rate: between(1, 10_000).default(100),
  burst: between(1, 5_000).default(200),
  /** How long an answer of the authorizer holds: a revoked token may be used that much longer. */
  authorizerCacheSeconds: between(0, 3_600).default(60),
});

const budgetSchema = z.strictObject({
  monthlyUsd: z.number().positive({ error: "must be above 0" }),
  email,
  /** `installation` counts what bears its tag, once `carillon:installation` is activated as a cost allocation tag. */
  scope: z.enum(["account", "installation"], { error: "must be account or installation" }).default("account"),
});

const schedulerSchema = z.strictObject({
  /** Ticks that share the shards among them, each minute side by side. */
  groups: between(1, 16).default(1),
  /** Memory of one tick: its processor time grows with it. The most is what new accounts have. */
  memoryMb: between(512, 3_008).default(512),
});

const workflowsSchema = z.strictObject({
  /**
   * Whether runs of workflows are shown as executions in Step Functions. Each step is about 1.2 state transitions there, which
   * are $25 a million. Without it everything but the picture is the same.
   */
  stateMachines: z.boolean().default(true),
});

const KNOB_NAMES = Object.keys(AWS_KNOBS) as (keyof Knobs)[];

export const configurationSchema = z
  .strictObject({
    /** Begins the names of queues, services and schedules, so that several installations can share an account. */
    installation: z
      .string()
      .regex(/^[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?$/, {
        error: "must be 1 to 20 lower-case letters, digits and '-', with a letter first and no '-' at its end",
      })
      .default("carillon"),
    /** Absent: whatever account and region the deployment's credentials are for. */
    account: z
      .string()
      .regex(/^[0-9]{12}$/, { error: "must be 12 digits" })
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$/, { error: "must be a region such as eu-west-1" })
      .optional(),
    pools: z
      .record(poolName, poolSchema)
      .refine((pools) => Object.keys(pools).length >= 1, { error: "must have at least one pool" })
      .refine((pools) => Object.keys(pools).length <= MAX_POOLS, { error: `must have at most ${MAX_POOLS} pools` }),
    network: networkSchema.default("public"),
    alarms: alarmsSchema.prefault({}),
    logRetentionDays: z
      .int()
      .refine((days): days is (typeof RETENTION_DAYS)[number] => RETENTION_DAYS.some((known) => known === days), {
        error: `must be one of ${RETENTION_DAYS.join(", ")}`,
      })
      .default(30),
    api: apiSchema.prefault({}),
    scheduler: schedulerSchema.prefault({}),
    workflows: workflowsSchema.prefault({}),
    console: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
    budget: budgetSchema.optional(),
    tags: z
      .record(
        z.string().regex(/^(?!aws:)[\p{L}\p{N} _.:/=+\-@]{1,128}$/u, { error: "must be a tag key" }),
        z.string().max(256, { error: "must have at most 256 characters" }),
      )
      .default({}),
    /** Types of jobs that can be defined. `command` and `handler` jobs have all the rights of the workers. */
    executors: z
      .array(z.enum(EXECUTOR_TYPES, { error: `must be one of ${EXECUTOR_TYPES.join(", ")}` }))
      .min(1, { error: "must name at least one type" })
      .refine((types) => new Set(types).size === types.length, { error: "must name each type once" })
      .default([...EXECUTOR_TYPES]),
    /** Private targets that http jobs may call: `host`, `host:port`, an address or a range, for one namespace `ns=…`. */
    allow: z
      .array(
        z.string().regex(/^(?:[a-z0-9_.-]+=)?[A-Za-z0-9.:/[\]_-]{1,300}$/, {
          error: "must be a host, host:port, address or range, after the namespace and '=' if for one only",
        }),
      )
      .max(100, { error: "must be at most 100" })
      .default([]),
    /** Functions that `lambda` jobs may invoke: ARNs, or names in which `*` stands for any characters. */
    lambdaFunctions: z
      .array(
        z
          .string()
          .regex(
            /^(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[A-Za-z0-9_*-]{1,140}(?::[A-Za-z0-9_$*-]+)?$/,
            {
              error: "must be the ARN of a function, or a name that may hold '*'",
            },
          )
          .refine((name) => /[A-Za-z0-9]/.test(name), { error: "must name functions: '*' alone would allow all" }),
      )
      .max(100, { error: "must be at most 100" })
      .default([]),
    /** Roles that `container` jobs may take. */
    containerRoles: z
      .array(
        z.string().regex(/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]{1,512}$/, {
          error: "must be the ARN of a role",
        }),
      )
      .max(20, { error: "must be at most 20" })
      .default([]),
    /** An image that takes the place of the one that is built from `docker/worker/Dockerfile`. */
    workerImage: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._:/-]*[a-z0-9](?::[\w.-]{1,128}|@sha256:[0-9a-f]{64})$/, {
        error: "must be the address of an image with its tag or digest",
      })
      .optional(),
    /** X-Ray traces of functions, billed by the trace. */
    tracing: z.boolean().default(false),
    /** For those who know `core/knobs.ts`: what differs from `AWS_KNOBS`. `shards` stays what it was at the first deployment. */
    knobs: z.partialRecord(z.enum(KNOB_NAMES), z.int().positive({ error: "must be above 0" })).default({}),
  })
  .superRefine(({ scheduler: { groups }, knobs: { shards = AWS_KNOBS.shards } }, context) => {
    if (groups <= shards) return;
    const message = `must be at most the number of shards, ${shards}`;
    context.addIssue({ code: "custom", path: ["scheduler", "groups"], message });
  })
  .superRefine(({ knobs }, context) => {
    const { lookAheadMs, leadMs, shards } = { ...AWS_KNOBS, ...knobs };
    const refuse = (knob: keyof Knobs, message: string) =>
      context.addIssue({ code: "custom", path: ["knobs", knob], message });
    if (leadMs >= lookAheadMs) refuse("leadMs", `must be below lookAheadMs, ${lookAheadMs}`);
    if (lookAheadMs + leadMs > MAX_DELAY_MS)
      refuse(
        "lookAheadMs",
        `must be at most ${MAX_DELAY_MS - leadMs}, so that with leadMs no message waits longer than SQS allows`,
      );
    if (shards > MAX_SHARDS) refuse("shards", `must be at most ${MAX_SHARDS}`);
  })
  .superRefine(({ account, region }, context) => {
    if ((account === undefined) === (region === undefined)) return;
    const path = [account === undefined ? "account" : "region"];
    context.addIssue({ code: "custom", path, message: "must be given: account and region go together" });
  });

/** What `carillon.config.ts` exports: fields with a default may be left out. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type Configuration = z.output<typeof configurationSchema>;
export type PoolConfiguration = Configuration["pools"][string];

function between(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}
