import type { Table } from "../ports/table.ts";
import type { RunKey } from "../run/run-id.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** A step whose Task was reached in the execution that mirrors its workflow's run, and waits for its answer. */
export interface ReachedStep {
  readonly step: string;
  /** By which it is answered. */
  readonly token: string;
  /** How often it was tried again before. */
  readonly retries: number;
  readonly rev: number;
}

/** Reached steps by the run of the workflow and the step. Of several tokens of a step, that of the last try counts. */
export class ReachedStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Keeps a step, unless it is there of the same try, or of a later one. */
  async put(workflow: RunKey, reached: Omit<ReachedStep, "rev">): Promise<void> {
    const key = keys.reachedStep(workflow, reached.step);
    let written = await this.#table.put(key, reached, "absent");
    while (!written.ok) {
      const { current } = written;
      if (current !== undefined && (current.body as ReachedStep).retries >= reached.retries) return;
      written = await this.#table.put(key, reached, current?.rev ?? "absent");
    }
  }

  async find(workflow: RunKey, step: string): Promise<ReachedStep | undefined> {
    const stored = await this.#table.get(keys.reachedStep(workflow, step));
    return stored && { ...(stored.body as Omit<ReachedStep, "rev">), rev: stored.rev };
  }

  async list(workflow: RunKey): Promise<readonly ReachedStep[]> {
    const steps: ReachedStep[] = [];
    for await (const { body, rev } of listAll(this.#table, keys.reachedSteps(workflow)))
      steps.push({ ...(body as Omit<ReachedStep, "rev">), rev });
    return steps;
  }

  /** Forgets a step, unless it has a newer token by now. */
  async remove(workflow: RunKey, { step, rev }: ReachedStep): Promise<void> {
    await this.#table.delete(keys.reachedStep(workflow, step), rev);
  }
}
