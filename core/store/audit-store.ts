import type { Table } from "../ports/table.ts";
import { keys } from "./keys.ts";

/** One accepted change: who made it, to what, and in which request. */
export interface AuditEntry {
  /** Of the request; with the instant it makes the key, so a repeated write of one record stays one record. */
  readonly requestId: string;
  readonly atMs: number;
  /** Such as `job.define`. */
  readonly action: string;
  /** The path of what was changed. */
  readonly subject: string;
  /** Name and id of the token. */
  readonly by: string;
  readonly tokenId: string;
  readonly ip?: string;
}

/** Where changes outside of namespaces are recorded. No namespace can have this name. */
export const PLATFORM_AUDIT = "_platform";

/** The audit trail of each namespace, and that of the platform. */
export class AuditStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async append(namespace: string, entry: AuditEntry): Promise<void> {
    await this.#table.put(keys.audit(namespace, entry.atMs, entry.requestId), entry, "any");
  }
}
