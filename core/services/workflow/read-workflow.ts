import type { CompiledJob } from "../../job/compile.ts";
import { checkParameters } from "../../job/parameters.ts";
import type { Json, JsonObject } from "../../json.ts";
import { macroContext } from "../../run/macro-context.ts";
import { expandDeep } from "../../run/macros.ts";
import { formatRunId, type RunKey, stepOf } from "../../run/run-id.ts";
import { type CarriedRun, isCarried, isEnded, isPaused, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import type { AdvanceContext } from "../../workflow/advance.ts";
import { namedSteps, type WorkflowPlan } from "../../workflow/plan.ts";
import type { StepState, StepStates } from "../../workflow/step-state.ts";
import type { Core } from "../core.ts";
import { itemsLieWith, stateOfRun } from "./step-run.ts";

/** A workflow's run that has begun and not ended, as it was read. */
export interface OpenWorkflow {
  readonly run: CarriedRun;
  readonly rev: number;
  readonly job: CompiledJob;
  readonly plan: WorkflowPlan;
  readonly rows: ReadonlyMap<string, StoredRun>;
  readonly states: StepStates;
}

/** @returns `undefined` for a run that is no workflow's, has not begun or has ended */
export async function readWorkflow(core: Core, key: RunKey): Promise<OpenWorkflow | undefined> {
  const stored = await core.runs.find(key);
  return stored && openWorkflow(core, stored);
}

/** The same of a run that has been read. */
export async function openWorkflow(core: Core, { run, rev }: StoredRun): Promise<OpenWorkflow | undefined> {
  if (!isCarried(run)) return undefined;
  const job = await core.jobs.ofRun(run);
  if (job?.work.kind !== "workflow") return undefined;
  const { plan } = job.work;
  const rows = await core.runs.steps(run);
  return { run, rev, job, plan, rows, states: await statesOf(core, { plan, rows }) };
}

/** How the steps stand. The results of a step's items, which may be many, are read only when an expression may ask for them. */
async function statesOf(core: Core, { plan, rows }: Pick<OpenWorkflow, "plan" | "rows">): Promise<StepStates> {
  const named = namedSteps(plan, {
    isToBegin: (name) => !rows.has(name),
    startsItems: (name) => {
      const row = rows.get(name);
      return row?.run.items !== undefined && isOpen(row);
    },
    mayEnd: ![...rows.values()].some(isOpen),
  });
  const states = new Map<string, StepState>();
  for (const [name, { run }] of rows) {
    const state = stateOfRun(run);
    const hasResults = run.items !== undefined && (state.status === "succeeded" || state.status === "failed");
    states.set(name, hasResults && named.has(name) ? { ...state, output: await itemResults(core, run) } : state);
  }
  return states;
}

function isOpen({ run }: StoredRun): boolean {
  return !isEnded(run);
}

/** What the items have come to, in the order of the list; `null` for those without a result. */
async function itemResults(core: Core, step: Run): Promise<Json> {
  const results: Json[] = Array.from({ length: step.items?.total ?? 0 }, () => null);
  const part = stepOf(step.stamp);
  if (part === undefined) return results;
  for await (const { run } of core.runs.items(itemsLieWith(step, part), part.step)) {
    const index = stepOf(run.stamp)?.item;
    if (index !== undefined && run.status === "succeeded" && run.result !== undefined) results[index] = run.result;
  }
  return results;
}

/**
 * What expressions know of a workflow's run besides its steps.
 *
 * @throws {MacroError} when a parameter cannot be expanded
 * @throws {CarillonError} `parameters-invalid` when they break the job's schema
 */
export function advanceContext({ run, job }: Pick<OpenWorkflow, "run" | "job">): AdvanceContext {
  const mode = run.cancel !== undefined ? "stopping" : isPaused(run) ? "paused" : "going";
  return { parameters: workflowParameters(run, job), slotAtMs: run.slotAtMs, runId: formatRunId(run), mode };
}

function workflowParameters(run: Run, job: CompiledJob): JsonObject {
  const context = macroContext(run, job);
  const parameters = expandDeep(context.parameters, context);
  const { parametersSchema } = job.version.definition;
  if (parametersSchema !== undefined) checkParameters(parametersSchema, parameters);
  return parameters;
}
