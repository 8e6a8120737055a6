import { z } from "zod";
import { EXECUTOR_TYPES, type ExecutorType } from "../core/job/executor-types.ts";
import { AWS_KNOBS, type Knobs } from "../core/knobs.ts";

const knobs = z.partialRecord(z.enum(Object.keys(AWS_KNOBS) as [keyof Knobs, ...(keyof Knobs)[]]), z.number().min(0));

const NAME = z.string().regex(/^[a-z0-9-]{1,40}$/, { error: "must be 1 to 40 of a-z, 0-9 and '-'" });

/** The variables of a worker on AWS. Lists of ids are separated by commas. An empty variable counts as absent. */
const schema = z.object({
  CARILLON_TABLE: z.string(),
  CARILLON_QUEUE_URL_PREFIX: z
    .string()
    .regex(/^https?:\/\/[^\s/]+\/\S*$/, { error: "must be the address of a queue up to its pool" }),
  CARILLON_LOG_GROUP: z.string(),
  CARILLON_CLUSTER: z.string(),
  CARILLON_INSTALLATION: NAME.default("carillon"),
  CARILLON_POOL: NAME,
  CARILLON_SLOTS: whole({ least: 1, most: 1_000 }).default(8),
  /** Below the 120 s after which ECS kills at the latest. */
  CARILLON_DRAIN_MS: whole({ least: 0, most: 110_000 }).default(90_000),
  CARILLON_EXECUTORS: json(z.array(z.enum(EXECUTOR_TYPES))).default([...EXECUTOR_TYPES]),
  CARILLON_HANDLERS: z.string().optional(),
  CARILLON_ALLOW: json(z.array(z.string())).default([]),
  CARILLON_KNOBS: json(knobs).default({}),
  CARILLON_SUBNETS: ids("subnet-").optional(),
  CARILLON_SECURITY_GROUPS: ids("sg-").optional(),
  CARILLON_ASSIGN_PUBLIC_IP: z.enum(["true", "false"], { error: "must be true or false" }).default("true"),
  CARILLON_CONTAINER_EXECUTION_ROLE: z.string().startsWith("arn:", { error: "must be the ARN of a role" }).optional(),
  CARILLON_CONTAINER_LOG_GROUP: z.string().optional(),
  /** Set by ECS. */
  ECS_AGENT_URI: z.string().optional(),
  ECS_CONTAINER_METADATA_URI_V4: z.string().optional(),
});

/** What containers of runs need; a worker that has not all of it runs none. */
const CONTAINERS = [
  "CARILLON_SUBNETS",
  "CARILLON_SECURITY_GROUPS",
  "CARILLON_CONTAINER_EXECUTION_ROLE",
  "CARILLON_CONTAINER_LOG_GROUP",
] as const;

export interface AwsWorkerEnvironment {
  readonly tableName: string;
  readonly queueUrlPrefix: string;
  readonly logGroup: string;
  readonly cluster: string;
  readonly installation: string;
  readonly pool: string;
  /** Attempts at the same time. */
  readonly slots: number;
  readonly drainMs: number;
  /** The kinds of jobs that the worker runs. */
  readonly executors: readonly ExecutorType[];
  readonly handlersFolder: string | undefined;
  readonly allow: readonly string[];
  readonly knobs: Partial<Knobs>;
  /** Where containers of runs are placed; `undefined` where there are none. */
  readonly containers:
    | {
        readonly subnets: readonly string[];
        readonly securityGroups: readonly string[];
        readonly assignPublicIp: boolean;
        readonly executionRole: string;
        readonly logGroup: string;
      }
    | undefined;
  readonly agentUri: string | undefined;
  readonly metadataUri: string | undefined;
}

/** A worker can't start in its environment. */
export class WorkerEnvironmentError extends Error {
  constructor(faults: readonly string[]) {
    super(`Cannot start the worker: ${faults.join("; ")}`);
    this.name = "WorkerEnvironmentError";
  }
}

/** @throws {WorkerEnvironmentError} that names all variables which are missing or hold something else */
export function readAwsEnvironment(source: Readonly<Record<string, string | undefined>>): AwsWorkerEnvironment {
  const given = Object.fromEntries(Object.entries(source).filter(([, text]) => text !== undefined && text !== ""));
  const { success, data, error } = schema.safeParse(given);
  if (!success) throw new WorkerEnvironmentError(error.issues.map((issue) => faultOf(issue, given)));
  return {
    tableName: data.CARILLON_TABLE,
    queueUrlPrefix: data.CARILLON_QUEUE_URL_PREFIX,
    logGroup: data.CARILLON_LOG_GROUP,
    cluster: data.CARILLON_CLUSTER,
    installation: data.CARILLON_INSTALLATION,
    pool: data.CARILLON_POOL,
    slots: data.CARILLON_SLOTS,
    drainMs: data.CARILLON_DRAIN_MS,
    executors: data.CARILLON_EXECUTORS,
    handlersFolder: data.CARILLON_HANDLERS,
    allow: data.CARILLON_ALLOW,
    knobs: data.CARILLON_KNOBS,
    containers: containersOf(data),
    agentUri: data.ECS_AGENT_URI,
    metadataUri: data.ECS_CONTAINER_METADATA_URI_V4,
  };
}

function containersOf(data: z.infer<typeof schema>): AwsWorkerEnvironment["containers"] {
  const {
    CARILLON_SUBNETS: subnets,
    CARILLON_SECURITY_GROUPS: securityGroups,
    CARILLON_CONTAINER_EXECUTION_ROLE: executionRole,
    CARILLON_CONTAINER_LOG_GROUP: logGroup,
  } = data;
  if (CONTAINERS.every((name) => data[name] === undefined)) return undefined;
  if (subnets === undefined || securityGroups === undefined || executionRole === undefined || logGroup === undefined) {
    const missing = CONTAINERS.filter((name) => data[name] === undefined);
    throw new WorkerEnvironmentError(missing.map((name) => `${name} is missing, and containers of runs need it`));
  }
  return {
    subnets,
    securityGroups,
    assignPublicIp: data.CARILLON_ASSIGN_PUBLIC_IP === "true",
    executionRole,
    logGroup,
  };
}

function faultOf({ path, message }: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const name = String(path[0]);
  return given[name] === undefined ? `${name} is missing` : `${name} is wrong: ${message}`;
}

function whole({ least, most }: { readonly least: number; readonly most: number }) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
}

function ids(prefix: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}[0-9a-f]+(?:,${prefix}[0-9a-f]+)*$`), {
      error: `must be ids ${prefix}…, separated by commas`,
    })
    .transform((text) => text.split(","));
}

function json<T extends z.ZodType>(inner: T) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue("must be JSON");
        return z.NEVER;
      }
    })
    .pipe(inner);
}
