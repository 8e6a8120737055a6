import { z } from "zod";
import { checkFargateSize } from "../../../core/job/fargate-size.ts";

/** Requests as far as Carillon makes them, with the limits that the service states. What it would refuse is refused. */
const pair = z.strictObject({ name: z.string(), value: z.string() });
const tags = z
  .array(
    z.strictObject({
      key: z.string().regex(/^[\p{L}\p{N} +\-=._:/@]{1,128}$/u),
      value: z.string().regex(/^[\p{L}\p{N} +\-=._:/@]{0,256}$/u),
    }),
  )
  .max(50);
const cluster = z.string().min(1);

export const containerSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/),
  image: z.string().min(1),
  essential: z.boolean().optional(),
  command: z.array(z.string()).optional(),
  entryPoint: z.array(z.string()).optional(),
  environment: z.array(pair).optional(),
  stopTimeout: z.number().int().min(2).max(120).optional(),
  linuxParameters: z.strictObject({ initProcessEnabled: z.boolean().optional() }).optional(),
  logConfiguration: z
    .strictObject({ logDriver: z.literal("awslogs"), options: z.record(z.string(), z.string()) })
    .optional(),
});

export const definitionSchema = z
  .strictObject({
    family: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/),
    requiresCompatibilities: z.tuple([z.literal("FARGATE")]),
    networkMode: z.literal("awsvpc"),
    cpu: z.string().regex(/^\d+$/),
    memory: z.string().regex(/^\d+$/),
    runtimePlatform: z
      .strictObject({ cpuArchitecture: z.enum(["ARM64", "X86_64"]), operatingSystemFamily: z.literal("LINUX") })
      .optional(),
    executionRoleArn: z.string().startsWith("arn:aws:iam::").optional(),
    taskRoleArn: z.string().startsWith("arn:aws:iam::").optional(),
    ephemeralStorage: z.strictObject({ sizeInGiB: z.number().int().min(21).max(200) }).optional(),
    containerDefinitions: z.array(containerSchema).min(1),
    tags: tags.optional(),
  })
  .refine(({ cpu, memory }) => checkFargateSize({ cpu: Number(cpu), memoryMb: Number(memory) }) === undefined, {
    error: "No Fargate configuration exists for given values",
  })
  .refine(
    ({ executionRoleArn, containerDefinitions }) =>
      executionRoleArn !== undefined || containerDefinitions.every((each) => each.logConfiguration === undefined),
    { error: "Fargate requires task definition to have execution role ARN to support log driver awslogs" },
  );

const MAX_OVERRIDES = 8_192;
const overridesSchema = z
  .strictObject({
    containerOverrides: z.array(
      z.strictObject({
        name: z.string(),
        command: z.array(z.string()).optional(),
        environment: z.array(pair).optional(),
      }),
    ),
  })
  .refine((overrides) => JSON.stringify(overrides).length <= MAX_OVERRIDES, {
    error: "Container Overrides length must be at most 8192",
  });

export const requestSchemas = {
  DescribeServices: z.strictObject({ cluster, services: z.array(z.string()).min(1).max(10) }),
  UpdateService: z.strictObject({ cluster, service: z.string(), desiredCount: z.number().int().min(0) }),
  ListTasks: z
    .strictObject({
      cluster,
      serviceName: z.string().optional(),
      family: z.string().optional(),
      startedBy: z.string().optional(),
      desiredStatus: z.enum(["RUNNING", "PENDING", "STOPPED"]).optional(),
      maxResults: z.number().int().min(1).max(100).default(100),
      nextToken: z.string().optional(),
    })
    .refine(
      ({ startedBy, serviceName, family, desiredStatus }) =>
        startedBy === undefined || (serviceName ?? family ?? desiredStatus) === undefined,
      { error: "When you specify startedBy as the filter, it must be the only filter that you use" },
    ),
  DescribeTasks: z.strictObject({
    cluster,
    tasks: z.array(z.string()).min(1).max(100),
    include: z.array(z.literal("TAGS")).optional(),
  }),
  StopTask: z.strictObject({ cluster, task: z.string(), reason: z.string().max(1_024).optional() }),
  RunTask: z
    .strictObject({
      cluster,
      taskDefinition: z.string(),
      count: z.number().int().min(1).max(10).default(1),
      clientToken: z
        .string()
        .regex(/^[\x21-\x7e]{1,64}$/)
        .optional(),
      startedBy: z
        .string()
        .regex(/^[A-Za-z0-9/_-]{1,128}$/)
        .optional(),
      launchType: z.literal("FARGATE").optional(),
      capacityProviderStrategy: z
        .array(z.strictObject({ capacityProvider: z.enum(["FARGATE", "FARGATE_SPOT"]), weight: z.number() }))
        .min(1)
        .optional(),
      networkConfiguration: z.strictObject({
        awsvpcConfiguration: z.strictObject({
          subnets: z.array(z.string()).min(1).max(16),
          securityGroups: z.array(z.string()).max(5),
          assignPublicIp: z.enum(["ENABLED", "DISABLED"]),
        }),
      }),
      overrides: overridesSchema.optional(),
      tags: tags.optional(),
    })
    .refine(
      ({ launchType, capacityProviderStrategy }) =>
        (launchType === undefined) !== (capacityProviderStrategy === undefined),
      {
        error: "specify launchType or capacityProviderStrategy, not both",
      },
    ),
  RegisterTaskDefinition: definitionSchema,
  DescribeTaskDefinition: z.strictObject({ taskDefinition: z.string() }),
} as const;

export type Operation = keyof typeof requestSchemas;
export type RequestOf<O extends Operation> = z.output<(typeof requestSchemas)[O]>;
export type FakeDefinition = z.output<typeof definitionSchema>;
