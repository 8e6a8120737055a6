import { CarillonError } from "../errors.ts";
import { checkMacros, MACRO_ROOTS, SCRIPT_MACRO_ROOTS } from "../run/macros.ts";
import { durationMs } from "./duration.ts";
import { DEFAULT_POOL, ENGINE_POOL } from "../fleet/pool-size.ts";
import { checkKeys } from "../workflow/check-keys.ts";
import { compileWorkflow } from "../workflow/compile.ts";
import type { WorkflowDefinition } from "../workflow/definition.ts";
import { withoutExpressions } from "../workflow/template.ts";
import type { JobDefinition } from "./definition.ts";
import {
  type CommandDefinition,
  type ContainerDefinition,
  type HttpDefinition,
  type LambdaDefinition,
} from "./executor.ts";
import { type JobType, LOCAL_EXECUTORS } from "./executor-types.ts";
import { checkFargateSize } from "./fargate-size.ts";
import { compileParametersSchema, checkParameters } from "./parameters.ts";
import type { RunFields } from "./run-fields.ts";

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
  /** Kinds of executors that there are. @default LOCAL_EXECUTORS */
  readonly executors?: readonly JobType[];
  /** Pools that there are. @default any name: a pool is there when a worker says so */
  readonly pools?: readonly string[];
}

/**
 * Checks what the shape of a definition does not tell: rules between fields, macros, parameters against their schema.
 * The schedule has checks of its own in `compileSchedule`.
 *
 * @throws {CarillonError | WorkflowError} for the first rule that is broken
 */
export function checkDefinition(definition: JobDefinition, namespace: string, limits: DefinitionLimits): void {
  const { executor } = definition;
  checkType(executor, limits);
  checkRun(definition, namespace, limits);
  checkFrequency(definition, limits);
  if (executor.type === "workflow") checkWorkflow(executor, definition, { namespace, limits });
  if (definition.parametersSchema !== undefined) {
    compileParametersSchema(definition.parametersSchema);
    if (!hasMacros(definition.parameters)) {
      checkParameters(definition.parametersSchema, definition.parameters ?? {}, {
        // What a schedule or another job's run fires, nobody else can complete.
        partial: definition.schedule === undefined && definition.startAfter === undefined,
      });
    }
  }
}

/** What a job and a step of a workflow have in common. */
type RunDefinition = Pick<JobDefinition, keyof RunFields> & { readonly executor: JobDefinition["executor"] };

function checkRun(definition: RunDefinition, namespace: string, limits: DefinitionLimits): void {
  const { executor, parameters, concurrency } = definition;
  checkExecutor(executor, namespace, limits);
  checkPool(definition, limits);
  checkRetry(definition);
  checkTimeouts(definition);
  checkAllMacros({
    // The texts of a workflow are those of its steps, which have rules of their own.
    ...(executor.type === "workflow" ? {} : { executor }),
    parameters: withoutExpressions(parameters ?? {}),
    concurrency,
  });
}

function checkWorkflow(
  workflow: WorkflowDefinition,
  definition: JobDefinition,
  { namespace, limits }: { readonly namespace: string; readonly limits: DefinitionLimits },
): void {
  if (definition.retry !== undefined) {
    throw refusal("workflow-invalid", "/retry", "Cannot retry a workflow as a whole: its steps can be retried");
  }
  if (definition.timeouts?.heartbeat !== undefined) {
    const message = "Cannot wait for heartbeats of a workflow: its steps can have them";
    throw refusal("timeout-invalid", "/timeouts/heartbeat", message);
  }
  for (const step of compileWorkflow(workflow).steps.values()) {
    const { executor } = step.definition;
    const pointer = `/executor/${step.phase === "main" ? "" : `${step.phase}/`}steps/${step.name}`;
    at(pointer, () => {
      if (executor !== undefined) {
        checkType(executor, limits);
        checkRun({ ...step.definition, executor }, namespace, limits);
      }
      checkAllMacros({ workflow: { parameters: withoutExpressions(step.definition.workflow?.parameters ?? {}) } });
    });
    checkKeys({ ...step, pointer }, definition.concurrency ?? []);
  }
}

/** Points the refusals of `check` into the part of the definition that it is about. */
function at(pointer: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof CarillonError)) throw error;
    throw new CarillonError(error.code, error.message, { pointer: pointer + (error.pointer ?? ""), cause: error });
  }
}

function checkType({ type }: JobDefinition["executor"], { executors = LOCAL_EXECUTORS }: DefinitionLimits): void {
  if (executors.includes(type)) return;
  const rule = `Cannot run a job of type "${type}" here: the types are ${executors.join(", ")}`;
  throw refusal("executor-invalid", "/executor/type", rule);
}

function checkExecutor(executor: JobDefinition["executor"], namespace: string, limits: DefinitionLimits): void {
  if (executor.type === "command") checkCommand(executor);
  if (executor.type === "http") checkHttp(executor, namespace, limits);
  if (executor.type === "lambda") checkLambda(executor);
  if (executor.type === "container") checkContainer(executor);
}

function checkPool({ pool = DEFAULT_POOL }: RunDefinition, { pools }: DefinitionLimits): void {
  if (pool === ENGINE_POOL) {
    throw refusal("unknown-reference", "/pool", `Cannot use pool "${pool}": the engine itself uses it, for workflows`);
  }
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

function checkRetry({ retry }: RunDefinition): void {
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

function checkTimeouts({ timeouts }: RunDefinition): void {
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
