import type { LogEntry as StoredEntry } from "../../core/ports/run-logs.ts";
import type { LogEntry } from "../contract/log.ts";
import { iso } from "./iso.ts";

export function presentEntry({ atMs, source, text }: StoredEntry): LogEntry {
  return { at: iso(atMs), source, text };
}
