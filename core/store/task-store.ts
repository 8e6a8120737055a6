import type { Table } from "../ports/table.ts";
import type { RunKey } from "../run/run-id.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** A Task of an execution that was reached and waits for its answer. */
export interface WaitingTask {
  readonly step: string;
  /** By which it is answered. */
  readonly token: string;
  /** How often it was tried again before. */
  readonly retries: number;
  readonly rev: number;
}

/** Waiting Tasks by the run of the workflow and the step. Of several tokens of a step, that of the last try counts. */
export class TaskStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Keeps a Task, unless there is one of the same try, or of a later one. */
  async put(workflow: RunKey, task: Omit<WaitingTask, "rev">): Promise<void> {
    const key = keys.task(workflow, task.step);
    let written = await this.#table.put(key, task, "absent");
    while (!written.ok) {
      const { current } = written;
      if (current !== undefined && (current.body as WaitingTask).retries >= task.retries) return;
      written = await this.#table.put(key, task, current?.rev ?? "absent");
    }
  }

  async find(workflow: RunKey, step: string): Promise<WaitingTask | undefined> {
    const stored = await this.#table.get(keys.task(workflow, step));
    return stored && { ...(stored.body as Omit<WaitingTask, "rev">), rev: stored.rev };
  }

  async list(workflow: RunKey): Promise<readonly WaitingTask[]> {
    const tasks: WaitingTask[] = [];
    for await (const { body, rev } of listAll(this.#table, keys.tasks(workflow)))
      tasks.push({ ...(body as Omit<WaitingTask, "rev">), rev });
    return tasks;
  }

  /** Forgets a Task, unless it has a newer token by now. */
  async remove(workflow: RunKey, { step, rev }: WaitingTask): Promise<void> {
    await this.#table.delete(keys.task(workflow, step), rev);
  }
}
