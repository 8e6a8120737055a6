import type { Table } from "../ports/table.ts";
import type { RunKey } from "../run/run-id.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** A Task of an execution that was reached and waits for its answer. */
export interface WaitingTask {
  readonly step: string;
  /** By which it is answered. */
  readonly token: string;
  readonly rev: number;
}

/** Waiting Tasks by the run of the workflow and the step. The newest token of a step is the one that counts. */
export class TaskStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async put(workflow: RunKey, step: string, token: string): Promise<void> {
    await this.#table.put(keys.task(workflow, step), { step, token }, "any");
  }

  async find(workflow: RunKey, step: string): Promise<WaitingTask | undefined> {
    const stored = await this.#table.get(keys.task(workflow, step));
    return stored && { ...(stored.body as Omit<WaitingTask, "rev">), rev: stored.rev };
  }

  async *list(workflow: RunKey): AsyncGenerator<WaitingTask> {
    for await (const { body, rev } of listAll(this.#table, keys.tasks(workflow)))
      yield { ...(body as Omit<WaitingTask, "rev">), rev };
  }

  /** Forgets a Task, unless it has a newer token by now. */
  async remove(workflow: RunKey, { step, rev }: WaitingTask): Promise<void> {
    await this.#table.delete(keys.task(workflow, step), rev);
  }
}
