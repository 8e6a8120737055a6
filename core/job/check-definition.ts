import { CarillonError } from "../errors.ts";
import { checkMacros, MACRO_ROOTS, SCRIPT_MACRO_ROOTS } from "../run/macros.ts";
import { durationMs } from "./duration.ts";
import { DEFAULT_POOL } from "../fleet/pool-size.ts";
import type { JobDefinition } from "./definition.ts";
import {
  type CommandDefinition,
  type ContainerDefinition,
  type HttpDefinition,
  type LambdaDefinition,
} from "./executor.ts";
import { type ExecutorType, LOCAL_EXECUTORS } from "./executor-types.ts";
import { checkFargateSize } from "./fargate-size.ts";
import { compileParametersSchema, checkParameters } from "./parameters.ts";

/** What the host allows. */
export interface DefinitionLimits {
  /** Least time between two slots. */
  readonly minIntervalMs: number;
  /** Problem with a header of an HTTP job, or `undefined` when all may be sent. */
  readonly headerProblem?: (
    headers: Readonly<Record<string, string>>,
  ) => { readonly header: string; readonly rule: string } | undefined;
  /** Problem with an HTTP target, in words, or `undefined` when it may be called. */
  readonly targetProblem?: (url: string, namespace: string) => string | undefined;
  /** Kinds of executors that the workers have. @default LOCAL_EXECUTORS */
  readonly executors?: readonly ExecutorType[];
  /** Pools that there are. @default any name: a pool is there when a worker says so */
  readonly pools?: readonly string[];
}

/**
 * Checks what the shape of a definition does not tell: rules between fields, macros, parameters against their schema.
 * The schedule has checks of its own in `compileSchedule`.
 *
 * @throws {CarillonError} for the first rule that is broken
 */
export function checkDefinition(definition: JobDefinition, namespace: string, limits: DefinitionLimits): void {
  checkExecutor(definition, namespace, limits);
  checkPool(definition, limits);
  checkRetry(definition);
  checkTimeouts(definition);
  checkFrequency(definition, limits);
  checkAllMacros({
    executor: definition.executor,
    parameters: definition.parameters,
    concurrency: definition.concurrency,
  });
  if (definition.parametersSchema !== undefined) {
    compileParametersSchema(definition.parametersSchema);
    if (!hasMacros(definition.parameters)) {
      checkParameters(definition.parametersSchema, definition.parameters ?? {}, {
        // What a schedule fires, nobody else can complete.
        partial: definition.schedule === undefined,
      });
    }
  }
}

function checkExecutor({ executor }: JobDefinition, namespace: string, limits: DefinitionLimits): void {
  const { executors = LOCAL_EXECUTORS } = limits;
  if (!executors.includes(executor.type)) {
    const rule = `Cannot run a job of type "${executor.type}" here: the types that workers have are ${executors.join(", ")}`;
    throw refusal("executor-invalid", "/executor/type", rule);
  }
  if (executor.type === "command") checkCommand(executor);
  if (executor.type === "http") checkHttp(executor, namespace, limits);
  if (executor.type === "lambda") checkLambda(executor);
  if (executor.type === "container") checkContainer(executor);
}

function checkPool({ pool = DEFAULT_POOL }: JobDefinition, { pools }: DefinitionLimits): void {
  if (pools === undefined || pools.includes(pool)) return;
  throw refusal("unknown-reference", "/pool", `Cannot use pool "${pool}": the pools are ${pools.join(", ")}`);
}

function checkCommand({ shell = false, script, argv }: CommandDefinition): void {
  if (shell && script === undefined) {
    throw refusal("executor-invalid", "/executor/script", "Cannot use `shell: true` without `script`");
  }
  if (!shell && script !== undefined) {
    throw refusal("executor-invalid", "/executor/script", "Cannot use `script` without `shell: true`");
  }
  if (!shell && argv === undefined) {
    throw refusal("executor-invalid", "/executor/argv", "Cannot run a command without `argv`");
  }
}

function checkHttp({ url, headers = {} }: HttpDefinition, namespace: string, limits: DefinitionLimits): void {
  const problem = limits.targetProblem?.(url, namespace);
  if (problem !== undefined) throw refusal("url-not-allowed", "/executor/url", problem);
  const fault = limits.headerProblem?.(headers);
  if (fault !== undefined) {
    const message = `Cannot send header "${fault.header}": ${fault.rule}`;
    throw refusal("header-not-allowed", `/executor/headers/${escapePointer(fault.header)}`, message);
  }
}

/** A name has no colon; of the forms of an ARN, the one that ends in a qualifier has one more than without. */
const QUALIFIED = /^(?:.*:function:)?[^:]+:[^:]+$/;

function checkLambda({ function: name, qualifier }: LambdaDefinition): void {
  if (qualifier !== undefined && QUALIFIED.test(name)) {
    const message = `Cannot invoke version "${qualifier}": function "${name}" names a version or an alias already`;
    throw refusal("executor-invalid", "/executor/qualifier", message);
  }
}

function checkContainer(container: ContainerDefinition): void {
  const problem = checkFargateSize(container);
  if (problem === undefined) return;
  const message = `Cannot run a container with ${problem.field} ${container[problem.field]}: ${problem.rule}`;
  throw refusal("executor-invalid", `/executor/${problem.field}`, message);
}

function checkRetry({ retry }: JobDefinition): void {
  const initialMs = durationMs(retry?.backoff?.initial ?? "1s");
  const maxMs = durationMs(retry?.backoff?.max ?? "5m");
  if (maxMs >= initialMs) return;
  const { initial = "1s", max } = retry?.backoff ?? {};
  throw refusal(
    "backoff-invalid",
    max === undefined ? "/retry/backoff/initial" : "/retry/backoff/max",
    `Cannot back off: max ${max ?? "5m, the default,"} is below initial ${initial}`,
  );
}

function checkTimeouts({ timeouts }: JobDefinition): void {
  const runMs = durationMs(timeouts?.run ?? "1h");
  if (timeouts?.heartbeat !== undefined && durationMs(timeouts.heartbeat) > runMs) {
    throw refusal(
      "timeout-invalid",
      "/timeouts/heartbeat",
      `Cannot use heartbeat time-out ${timeouts.heartbeat}: it is above the run time-out`,
    );
  }
}

function checkFrequency({ schedule }: JobDefinition, { minIntervalMs }: DefinitionLimits): void {
  const { every } = schedule ?? {};
  if (every !== undefined && durationMs(every) < minIntervalMs) {
    throw refusal(
      "schedule-too-frequent",
      "/schedule/every",
      `Cannot fire every ${every}: the least interval is ${minIntervalMs} ms`,
    );
  }
}

/** Checks the macros of every text below `value`. */
function checkAllMacros(value: unknown, pointer = ""): void {
  if (typeof value === "string") {
    if (!value.includes("{{")) return;
    const error = checkMacros(value, pointer === "/executor/script" ? SCRIPT_MACRO_ROOTS : MACRO_ROOTS);
    if (error !== undefined) throw new CarillonError(error.code, error.message, { pointer, cause: error });
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) checkAllMacros(inner, `${pointer}/${escapePointer(key)}`);
  }
}

function hasMacros(value: unknown): boolean {
  return JSON.stringify(value ?? null).includes("{{");
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function refusal(code: CarillonError["code"], pointer: string, message: string): CarillonError {
  return new CarillonError(code, message, { pointer });
}
