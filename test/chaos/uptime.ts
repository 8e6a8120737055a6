import { readFileSync } from "node:fs";

/**
 * Milliseconds since the machine was started, in steps of ten: a clock that all processes share, shell scripts included, and
 * that no shim shifts.
 */
export function uptimeMs(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1_000);
}
