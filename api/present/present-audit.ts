import type { AuditEntry } from "../../core/store/audit-store.ts";
import type { AuditRecord } from "../contract/audit.ts";
import { iso } from "./iso.ts";

export function presentAudit({ atMs, ...entry }: AuditEntry): AuditRecord {
  return { at: iso(atMs), ...entry };
}
