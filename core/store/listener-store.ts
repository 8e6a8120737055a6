import type { Table } from "../ports/table.ts";
import { keys } from "./keys.ts";
import { listAll, listPage } from "./pages.ts";

/** Who wants to be told when a run of a job has ended. It carries no authority: who is told decides anew. */
export type Listener =
  /** A job that may run after it. */
  | { readonly kind: "job"; readonly job: string }
  /** A step that waits for it, by the id of its run. */
  | { readonly kind: "step"; readonly runId: string };

/**
 * Listeners by the job that they listen to. A job of which nobody wants to know costs nothing: its item says whether it is
 * heard, who claims a run notes that down in the run, and only the end of such a run is looked up here.
 */
export class ListenerStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Put before what makes it listen is committed; a listener that nothing came of is told in vain. */
  async put(namespace: string, job: string, listener: Listener): Promise<void> {
    await this.#table.put(keys.listener(namespace, job, idOf(listener)), listener, "any");
  }

  async remove(namespace: string, job: string, listener: Listener): Promise<void> {
    await this.#table.delete(keys.listener(namespace, job, idOf(listener)), "any");
  }

  async isHeard(namespace: string, job: string): Promise<boolean> {
    return (await listPage(this.#table, keys.listeners(namespace, job), { limit: 1 })).items.length > 0;
  }

  async *list(namespace: string, job: string): AsyncGenerator<Listener> {
    for await (const { body } of listAll(this.#table, keys.listeners(namespace, job))) yield body as Listener;
  }
}

function idOf(listener: Listener): string {
  return listener.kind === "job" ? `job#${listener.job}` : `step#${listener.runId}`;
}
