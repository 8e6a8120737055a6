import type { Stored, Table } from "../ports/table.ts";
import type { WorkerCommand, WorkerRecord } from "../worker/worker-record.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** Workers, their heartbeats, and what is asked of them. */
export class WorkerStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(pool: string, id: string): Promise<WorkerRecord | undefined> {
    const stored = await this.#table.get(keys.worker(pool, id));
    return stored === undefined ? undefined : asWorker(stored);
  }

  /** Writes a worker's record; its own heartbeat, or the word of a fleet that is certain. */
  async put(worker: WorkerRecord): Promise<void> {
    if (worker.beat === 1) await this.#table.put(keys.pool(worker.pool), { pool: worker.pool }, "any");
    await this.#table.put(keys.worker(worker.pool, worker.id), worker, "any", { lazy: true });
  }

  async remove(worker: { readonly pool: string; readonly id: string }): Promise<void> {
    await this.#table.delete(keys.worker(worker.pool, worker.id), "any");
  }

  async list(pool: string): Promise<readonly WorkerRecord[]> {
    const workers: WorkerRecord[] = [];
    for await (const stored of listAll(this.#table, keys.workers(pool))) workers.push(asWorker(stored));
    return workers;
  }

  /** Names of all pools that ever had a worker. */
  async pools(): Promise<readonly string[]> {
    const pools: string[] = [];
    for await (const stored of listAll(this.#table, keys.pools)) pools.push(stored.key.sk);
    return pools;
  }

  async command(workerId: string, command: WorkerCommand): Promise<void> {
    await this.#table.put(keys.workerCommand(workerId, commandSubject(command)), command, "any");
  }

  async commands(workerId: string): Promise<readonly WorkerCommand[]> {
    const commands: WorkerCommand[] = [];
    for await (const stored of listAll(this.#table, { pk: keys.workerCommand(workerId, "").pk, prefix: "" })) {
      commands.push(stored.body as WorkerCommand);
    }
    return commands;
  }

  async forgetCommand(workerId: string, command: WorkerCommand): Promise<void> {
    await this.#table.delete(keys.workerCommand(workerId, commandSubject(command)), "any");
  }
}

function commandSubject(command: WorkerCommand): string {
  return command.kind === "drain" ? "drain" : `stop#${command.runId}#${command.epoch}`;
}

function asWorker(stored: Stored): WorkerRecord {
  return stored.body as WorkerRecord;
}
