import { readdirSync, readFileSync } from "node:fs";

/** A process of the round; `startTicks` tells it from a later one with the same id. */
export interface Found {
  readonly pid: number;
  readonly startTicks: string;
}

/** All processes that use a data folder: servers and workers, which name it in their arguments. */
export function findProcesses(folder: string): readonly Found[] {
  return find((pid) => {
    const [, ...rest] = readText(`/proc/${pid}/cmdline`).split("\0");
    return rest.includes(folder) && rest.some((argument) => argument.endsWith("/main.ts"));
  });
}

/** Worker processes whose arguments name the data folder. */
export function findWorkers(folder: string): readonly Found[] {
  return find((pid) => {
    const [, ...rest] = readText(`/proc/${pid}/cmdline`).split("\0");
    return rest.includes(folder) && rest.some((argument) => argument.endsWith("worker/main.ts"));
  });
}

/** The processes of attempts: all that have inherited the path of the effects ledger from their job. */
export function findAttemptProcesses(effectsPath: string): readonly Found[] {
  return findByVariable(`EFFECTS=${effectsPath}`);
}

/** Processes that were started with a variable, written `NAME=value`. */
export function findByVariable(variable: string): readonly Found[] {
  return find((pid) => readText(`/proc/${pid}/environ`).split("\0").includes(variable));
}

/** @returns `false` when it is not there any more */
export function signal({ pid, startTicks }: Found, name: NodeJS.Signals): boolean {
  if (startTicksOf(pid) !== startTicks) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

export function foundOf(pid: number): Found | undefined {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks };
}

/** Whether all threads of a process rest: stopped, or gone. */
export function isStopped({ pid }: Found): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const [state = ""] = fieldsOf(`/proc/${pid}/task/${thread}/stat`) ?? [];
      return "TtZX".includes(state);
    });
  } catch {
    return true;
  }
}

function find(isWanted: (pid: number) => boolean): readonly Found[] {
  const pids = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return pids.flatMap((pid) => (isWanted(pid) ? (foundOf(pid) ?? []) : []));
}

function startTicksOf(pid: number): string | undefined {
  const fields = fieldsOf(`/proc/${pid}/stat`);
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

/** The fields of a `stat` file behind the name, which may hold anything: the state is the first, the start time the 20th. */
function fieldsOf(path: string): readonly string[] | undefined {
  const stat = readText(path);
  return stat === "" ? undefined : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Empty for a process that has gone, or that is not ours. */
function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
