import { type EndedRun, isEnded, type Run } from "../core/run/run.ts";
import type { Core } from "../core/services/core.ts";
import { defineJob } from "../core/services/define-job.ts";
import { MAX_TRIGGERED, triggerRuns } from "../core/services/trigger-runs.ts";
import type { StepDefinition } from "../core/workflow/definition.ts";
import type { BenchWorkflow, StoredStep, StoredWorkflow, Workflows } from "./peer.ts";

/** Name under which the handler of all steps is registered. */
export const STEP_MODULE = "step";

const WORKFLOW = "workflow";
const LEDGER_PAGE = 1_000;

/** Carillon's workflows: a job of that kind, whose steps call one inline handler. */
export class CarillonWorkflows implements Workflows {
  readonly #core: Core;
  readonly #namespace: string;
  #stepsEach = 0;

  constructor(core: Core, namespace: string) {
    this.#core = core;
    this.#namespace = namespace;
  }

  /** Of the workflow that was defined. */
  get stepsEach(): number {
    return this.#stepsEach;
  }

  async define(workflow: BenchWorkflow): Promise<void> {
    this.#stepsEach = workflow.size;
    const steps = Object.fromEntries([...workflow].map(([name, needs], step) => [name, stepOf(step, needs)]));
    const definition = { name: WORKFLOW, overlap: "allow", executor: { type: "workflow", steps } } as const;
    await defineJob(this.#core, this.#namespace, definition, { limits: { minIntervalMs: 1_000 } });
  }

  async start({ first, count }: { readonly first: number; readonly count: number }): Promise<void> {
    for (let done = 0; done < count; done += MAX_TRIGGERED) {
      const length = Math.min(MAX_TRIGGERED, count - done);
      const requests = Array.from({ length }, (_, k) => ({
        parameters: { i: first + done + k },
      }));
      await triggerRuns(this.#core, this.#namespace, WORKFLOW, { requests });
    }
  }

  async stored(): Promise<readonly StoredWorkflow[]> {
    const stored: StoredWorkflow[] = [];
    const job = { namespace: this.#namespace, name: WORKFLOW };
    let after: string | undefined;
    do {
      const page = await this.#core.runs.page(job, { limit: LEDGER_PAGE, after });
      for (const row of page.rows) {
        if ("run" in row) stored.push(await this.#asStored(row.run));
      }
      after = page.next;
    } while (after !== undefined);
    return stored;
  }

  async #asStored(run: Run): Promise<StoredWorkflow> {
    const rows = await this.#core.runs.steps(run);
    const steps = new Map(
      [...rows].flatMap(([name, { run: step }]) => (isEnded(step) ? [[name, asStored(step)] as const] : [])),
    );
    const lastedMs = isEnded(run) ? run.endedAtMs - run.createdAtMs : Number.NaN;
    return { i: Number(run.parameters?.["i"]), hasSucceeded: run.status === "succeeded", lastedMs, steps };
  }
}

function stepOf(step: number, needs: readonly string[]): StepDefinition {
  return {
    executor: { type: "handler", module: STEP_MODULE, inline: true },
    parameters: { step },
    ...(needs.length > 0 && { needs: [...needs] }),
  };
}

function asStored({ status, attempt, attempts, endedAtMs }: EndedRun): StoredStep {
  return {
    isOnce: status === "succeeded" && attempt === 1,
    fromMs: attempts[0]?.startedAtMs ?? Number.NaN,
    toMs: endedAtMs,
  };
}
