import { readdirSync, readFileSync } from "node:fs";

/** One process of this machine, as the kernel tells it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Clock ticks since the machine started. With the pid it names one process for ever. */
  readonly startTicks: number;
  /** Name of the program, at most 15 characters. */
  readonly name: string;
}

/** Only Linux tells what this module reads. */
export const HAS_PROCESS_TABLE = process.platform === "linux";

/** All processes that have not ended. A zombie has: it waits for its parent to read the exit code. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function readProcess(pid: number): ProcessEntry | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name may itself hold spaces and brackets: what follows the last bracket is safe to split.
  const nameEnd = stat.lastIndexOf(")");
  const [state, parent, group, session, ...rest] = stat.slice(nameEnd + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  return {
    pid,
    parentPid: Number(parent),
    groupId: Number(group),
    sessionId: Number(session),
    startTicks: Number(rest[15]),
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
  };
}

/**
 * Whether a process was started with all of these variables (`NAME=value`; `NAME=` with nothing behind it: any value).
 * `false` also when it belongs to somebody else, or has overwritten the memory that holds them.
 */
export function hasEnvironment(pid: number, variables: readonly string[]): boolean {
  const environment = readOrUndefined(`/proc/${pid}/environ`);
  if (environment === undefined) return false;
  const text = `\0${environment}`;
  return variables.every((variable) => text.includes(variable.endsWith("=") ? `\0${variable}` : `\0${variable}\0`));
}

/** A process may end at any moment, and its files with it. */
function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
