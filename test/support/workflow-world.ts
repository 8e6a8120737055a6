import { ENGINE_POOL } from "../../core/fleet/pool-size.ts";
import type { ExecutorDefinition } from "../../core/job/executor.ts";
import type { JobDefinition } from "../../core/job/definition.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { formatRunId, parseRunId, type RunKey, stepOf } from "../../core/run/run-id.ts";
import { type EndedRun, isEnded, type Run, type RunningRun } from "../../core/run/run.ts";
import { triggerRuns } from "../../core/services/trigger-runs.ts";
import type { StepDefinition, WorkflowDefinition } from "../../core/workflow/definition.ts";
import { keys } from "../../core/store/keys.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import { ServiceExecutions, StateMachineService } from "./state-machines.ts";
import type { Behaviour } from "./test-worker.ts";
import { NAMESPACE, World, type WorldOptions } from "./world.ts";

export type StepsOf = Readonly<Record<string, Partial<StepDefinition>>>;

const TRUE: ExecutorDefinition = { type: "command", argv: ["true"] };

/** An executor of steps that run a command where nothing else is said. */
export function workflow(
  steps: StepsOf,
  { onError, finally: last, outputs }: { onError?: StepsOf; finally?: StepsOf; outputs?: Record<string, string> } = {},
): WorkflowDefinition {
  return {
    type: "workflow",
    steps: whole(steps),
    ...(onError && { onError: { steps: whole(onError) } }),
    ...(last && { finally: { steps: whole(last) } }),
    ...(outputs && { outputs }),
  };
}

function whole(steps: StepsOf): Record<string, StepDefinition> {
  const kinds = ["wait", "switch", "approval", "workflow", "awaits"] as const;
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [
      name,
      kinds.some((kind) => step[kind] !== undefined) ? step : { executor: TRUE, ...step },
    ]),
  );
}

/** A world in which the engine carries workflows, and the runs of steps do what their step's name says. */
export class WorkflowWorld extends World {
  /** What the attempts of steps do, by the name of the step. */
  readonly steps = new Map<string, (run: RunningRun) => Behaviour>();
  /** Ids of runs that workers have begun, in that order; each attempt anew. */
  readonly begun: string[] = [];

  /** What shows how runs go, where the world has it. */
  readonly machines: StateMachineService;
  readonly executions: ServiceExecutions | undefined;

  constructor({ isMirrored = false, ...options }: WorldOptions & { readonly isMirrored?: boolean } = {}) {
    super(options);
    this.machines = new StateMachineService({
      nowMs: () => this.clock.nowMs(),
      send: (queue, body) => void this.queue.send(queue, [{ body, group: NAMESPACE, delayMs: 0 }]),
    });
    this.executions = isMirrored ? new ServiceExecutions(this.machines, ENGINE_QUEUE) : undefined;
    this.addEngine();
    this.behave = (run) => {
      this.begun.push(formatRunId(run));
      const step = stepOf(run.stamp)?.step;
      return this.steps.get(step ?? run.job)?.(run) ?? takes(100);
    };
  }

  addEngine(): void {
    const { executions } = this;
    this.addWorker({ pool: ENGINE_POOL, slots: 1_000, ...(executions && { executions }) });
  }

  defineWorkflow(name: string, executor: WorkflowDefinition, more: Partial<JobDefinition> = {}) {
    return this.define({ name, executor, ...more });
  }

  async start(name: string, parameters?: JsonObject): Promise<Run> {
    const [run] = await triggerRuns(this.core, NAMESPACE, name, {
      requests: [parameters === undefined ? {} : { parameters }],
    });
    if (run === undefined) throw new Error("Cannot start the workflow: nothing was triggered");
    return run;
  }

  /** Names of the steps that workers have begun, items with their number. */
  begunSteps(): string[] {
    return this.begun.flatMap((id) => {
      const part = stepOf(parseRunId(id)?.stamp ?? "");
      return part === undefined ? [] : [part.item === undefined ? part.step : `${part.step}.${part.item}`];
    });
  }

  async find(run: RunKey): Promise<Run> {
    const stored = await this.core.runs.find(run);
    if (stored === undefined) throw new Error(`Cannot find run "${formatRunId(run)}"`);
    return stored.run;
  }

  async ended(run: RunKey): Promise<EndedRun> {
    const found = await this.find(run);
    if (!isEnded(found)) throw new Error(`Run "${formatRunId(run)}" has not ended: it is ${found.status}`);
    return found;
  }

  step(run: RunKey, name: string): Promise<Run> {
    return this.find({ ...keyOf(run), stamp: `${run.stamp}.${name}` });
  }

  stepsOf(run: RunKey): Run[] {
    return this.table.dump(keys.steps(run).pk).map(({ body }) => body as Run);
  }

  statuses(run: RunKey): Record<string, string> {
    return Object.fromEntries(this.stepsOf(run).map((step) => [stepOf(step.stamp)?.step ?? "", step.status]));
  }

  itemsOf(run: RunKey, step: string): Run[] {
    return this.table.dump(keys.items(run, step).pk).map(({ body }) => body as Run);
  }
}

export function keyOf({ namespace, job, stamp }: RunKey): RunKey {
  return { namespace, job, stamp };
}

/** An attempt that succeeds after a while, with a result. */
export function takes(takesMs: number, result?: Json): Behaviour {
  return {
    takesMs,
    result: { kind: "succeeded", ...(result === undefined ? {} : { result }) },
  };
}

export function fails(takesMs = 100): Behaviour {
  return { takesMs, result: { kind: "failed", error: { name: "BOOM", message: "it broke" } } };
}
