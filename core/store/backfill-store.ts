import type { Priority } from "../job/priority.ts";
import type { Table } from "../ports/table.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** A request to run a job for the slots of a stretch of time, and how far it has come. */
export interface Backfill {
  readonly id: string;
  readonly namespace: string;
  readonly job: string;
  readonly version: number;
  /** Slots in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly order: "oldestFirst" | "newestFirst";
  /** Runs at the same time. */
  readonly concurrency: number;
  /** Slots that have run before: leave them (`none`), run the `failed` ones again, or `all`. */
  readonly reprocess: "none" | "failed" | "all";
  readonly priority: Priority;
  readonly createdAtMs: number;
  readonly by?: string;
  readonly state: "running" | "done" | "cancelled";
  /** Slots gone through so far, those left as they were included; also where to go on. */
  readonly submitted: number;
  /** Slots of the stretch. */
  readonly total: number;
}

export class BackfillStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(namespace: string, job: string, id: string): Promise<{ backfill: Backfill; rev: number } | undefined> {
    const stored = await this.#table.get(keys.backfill(namespace, job, id));
    return stored === undefined ? undefined : { backfill: stored.body as Backfill, rev: stored.rev };
  }

  async put(backfill: Backfill, expect: number | "absent"): Promise<boolean> {
    const result = await this.#table.put(
      keys.backfill(backfill.namespace, backfill.job, backfill.id),
      backfill,
      expect,
    );
    return result.ok;
  }

  async list(namespace: string, job: string): Promise<readonly Backfill[]> {
    const backfills: Backfill[] = [];
    for await (const stored of listAll(this.#table, keys.backfills(namespace, job)))
      backfills.push(stored.body as Backfill);
    return backfills;
  }
}
