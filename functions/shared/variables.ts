import type { PoolLimits } from "../../core/fleet/pool-size.ts";
import { EXECUTOR_TYPES, type ExecutorType } from "../../core/job/executor-types.ts";
import { AWS_KNOBS, type Knobs } from "../../core/knobs.ts";
import { quoteValue } from "../../api/contract/quote.ts";
import type { Variable } from "./read-environment.ts";

/** Name of the table. Its 3 characters at least are DynamoDB's rule. */
export const TABLE = matching("CARILLON_TABLE", /^[A-Za-z0-9_.-]{3,255}$/, "the name of a DynamoDB table");

/** Address of a queue up to its pool: `https://sqs.eu-west-1.amazonaws.com/123456789012/carillon-`. */
export const QUEUE_URL_PREFIX = matching(
  "CARILLON_QUEUE_URL_PREFIX",
  /^https?:\/\/[^\s/]+\/\S*$/,
  "the address of a queue up to the name of its pool",
);

/** Log group that holds the output of runs. */
export const LOG_GROUP = matching("CARILLON_LOG_GROUP", /^[A-Za-z0-9_/.#-]{1,512}$/, "the name of a log group");

/** Name or ARN of the ECS cluster. */
export const CLUSTER = matching("CARILLON_CLUSTER", /^[A-Za-z0-9_:/-]{1,255}$/, "the name or ARN of an ECS cluster");

/** Name of the installation, with which the names of its services begin. */
export const INSTALLATION: Variable<string> = {
  ...matching("CARILLON_INSTALLATION", /^[a-z0-9-]{1,40}$/, "1 to 40 of a-z, 0-9 and '-'"),
  fallback: "carillon",
};

/** Names of the schedules that wake the tick, and of their group, at EventBridge Scheduler. */
export const TIMER_GROUP = matching("CARILLON_TIMER_GROUP", /^[A-Za-z0-9_.-]{1,64}$/, "the name of a schedule group");
export const TIMER_SCHEDULE = matching("CARILLON_TIMER_SCHEDULE", /^[A-Za-z0-9_.-]{1,64}$/, "the name of a schedule");

/** How the pools may be sized, by name: `{"default":{"slots":8,"minTasks":0,"maxTasks":10}}`. */
export const POOLS: Variable<Readonly<Record<string, PoolLimits>>> = { name: "CARILLON_POOLS", parse: parsePools };

/** Knobs that differ from `AWS_KNOBS`: `{"lookAheadMs":120000}`. */
export const KNOBS: Variable<Partial<Knobs>> = { name: "CARILLON_KNOBS", parse: parseKnobs, fallback: {} };

/** Private targets that HTTP jobs may call: `["host:port", "namespace=host:port"]`. */
export const ALLOW: Variable<readonly string[]> = { name: "CARILLON_ALLOW", parse: parseTexts, fallback: [] };

/** Kinds of executors that jobs may have: `["http","lambda"]`. */
export const EXECUTORS: Variable<readonly ExecutorType[]> = {
  name: "CARILLON_EXECUTORS",
  parse: parseExecutors,
  fallback: EXECUTOR_TYPES,
};

/** In how many groups the shards are visited, each by ticks of its own: 1 to 16. */
export const TICK_GROUPS: Variable<number> = { name: "CARILLON_TICK_GROUPS", parse: parseGroups, fallback: 1 };

/** Where the runs of workflows are shown as executions of state machines; absent: nowhere. */
export const STATE_MACHINES: Variable<StateMachines | undefined> = {
  name: "CARILLON_STATE_MACHINES",
  parse: parseStateMachines,
  fallback: undefined,
};

export interface StateMachines {
  /** ARN of a state machine up to its name: `arn:aws:states:eu-west-1:123456789012:stateMachine:`. */
  readonly arnPrefix: string;
  /** Role that state machines take. */
  readonly roleArn: string;
}

/** Whom alerts are posted to. */
export const WEBHOOKS: Variable<readonly Webhook[]> = { name: "CARILLON_WEBHOOKS", parse: parseWebhooks, fallback: [] };

export interface Webhook {
  readonly url: string;
  /** Name of the SSM parameter that holds the secret with which deliveries are signed; absent: they are not signed. */
  readonly secretParameter?: string;
}

const MAX_GROUPS = 16;
const POOL_NAME = /^[a-z0-9-]{1,40}$/;
/** Bounds of each limit of a pool; a service has at most 1,000 tasks here. */
const POOL_RANGES = { slots: [1, 1_000], minTasks: [0, 1_000], maxTasks: [1, 1_000] } as const;

function matching(name: string, pattern: RegExp, rule: string): Variable<string> {
  const parse = (text: string): string => {
    if (!pattern.test(text)) throw new RangeError(`must be ${rule}; got ${quoteValue(text)}`);
    return text;
  };
  return { name, parse };
}

function parsePools(text: string): Readonly<Record<string, PoolLimits>> {
  const pools = Object.entries(parseObject(text));
  if (pools.length === 0) throw new RangeError(`must name a pool at least; got ${quoteValue(text)}`);
  return Object.fromEntries(pools.map(([pool, limits]) => [pool, parsePool(pool, limits)]));
}

function parsePool(pool: string, limits: unknown): PoolLimits {
  if (!POOL_NAME.test(pool)) {
    throw new RangeError(`must name each pool with 1 to 40 of a-z, 0-9 and '-'; got ${quoteValue(pool)}`);
  }
  const { slots, minTasks, maxTasks } = (limits ?? {}) as Partial<Record<keyof PoolLimits, unknown>>;
  for (const [field, value] of Object.entries({ slots, minTasks, maxTasks })) {
    const [least, most] = POOL_RANGES[field as keyof typeof POOL_RANGES];
    const isRight = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
    if (isRight) continue;
    throw new RangeError(`must give pool "${pool}" ${field} from ${least} to ${most}; got ${quoteValue(value)}`);
  }
  const read = { slots, minTasks, maxTasks } as PoolLimits;
  if (read.minTasks > read.maxTasks) {
    throw new RangeError(`must give pool "${pool}" minTasks up to its maxTasks ${read.maxTasks}; got ${read.minTasks}`);
  }
  return read;
}

function parseKnobs(text: string): Partial<Knobs> {
  const knobs = parseObject(text);
  for (const [name, value] of Object.entries(knobs)) {
    if (!Object.hasOwn(AWS_KNOBS, name)) throw new RangeError(`must hold known knobs; got ${quoteValue(name)}`);
    const isRight = typeof value === "number" && Number.isFinite(value) && value >= 0;
    if (!isRight) throw new RangeError(`must give knob ${name} a number from 0; got ${quoteValue(value)}`);
  }
  return knobs;
}

function parseTexts(text: string): readonly string[] {
  const list = parseJson(text);
  const isRight = Array.isArray(list) && list.every((each) => typeof each === "string");
  if (!isRight) throw new RangeError(`must be a JSON list of texts; got ${quoteValue(text)}`);
  return list;
}

function parseExecutors(text: string): readonly ExecutorType[] {
  const types = parseTexts(text);
  const stranger = types.find((type) => !EXECUTOR_TYPES.some((known) => known === type));
  if (types.length > 0 && stranger === undefined) return types as ExecutorType[];
  throw new RangeError(`must list some of ${EXECUTOR_TYPES.join(", ")}; got ${quoteValue(stranger ?? text)}`);
}

function parseGroups(text: string): number {
  const groups = Number(text);
  if (!Number.isInteger(groups) || groups < 1 || groups > MAX_GROUPS) {
    throw new RangeError(`must be a whole number from 1 to ${MAX_GROUPS}; got ${quoteValue(text)}`);
  }
  return groups;
}

function parseStateMachines(text: string): StateMachines {
  const { arnPrefix, roleArn } = parseObject(text);
  if (typeof arnPrefix !== "string" || !/^arn:[^:]+:states:[^:]+:[0-9]{12}:stateMachine:$/.test(arnPrefix)) {
    throw new RangeError(
      `must give as arnPrefix the ARN of a state machine up to its name; got ${quoteValue(arnPrefix)}`,
    );
  }
  if (typeof roleArn !== "string" || !/^arn:[^:]+:iam::[0-9]{12}:role\//.test(roleArn)) {
    throw new RangeError(`must give as roleArn the ARN of a role; got ${quoteValue(roleArn)}`);
  }
  return { arnPrefix, roleArn };
}

/** Quotes no value: a webhook's address is often its secret too. */
function parseWebhooks(text: string): readonly Webhook[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw new RangeError("must be a JSON list of { url, secretParameter }");
  return list.map((each: unknown, index) => {
    const { url, secretParameter } = (each ?? {}) as Partial<Record<keyof Webhook, unknown>>;
    if (typeof url !== "string" || !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
      throw new RangeError(`must give entry ${index} a url of http or https`);
    }
    if (secretParameter === undefined) return { url };
    if (typeof secretParameter !== "string" || secretParameter === "") {
      throw new RangeError(`must give entry ${index} as secretParameter the name of an SSM parameter`);
    }
    return { url, secretParameter };
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) throw new RangeError(`must be a JSON object; got ${quoteValue(text)}`);
  return value as Readonly<Record<string, unknown>>;
}

/** What is not JSON is no list and no object either. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
