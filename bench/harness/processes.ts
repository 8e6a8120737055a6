import { readdirSync, readFileSync } from "node:fs";

/** A process as /proc/PID/stat shows it. `reapedS` is what its ended children have used. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuS: number;
  readonly reapedS: number;
  readonly rssBytes: number;
}

/** USER_HZ, the unit of processor time in /proc, and the size of a page: constants of Linux on the machines we know. */
const TICKS_PER_S = 100;
const PAGE_BYTES = 4_096;

export function allProcesses(): ReadonlyMap<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat !== undefined) processes.set(stat.pid, stat);
  }
  return processes;
}

/** Processor seconds of a process, its living descendants and the children they have reaped. */
export function familyCpuS(pid: number, processes: ReadonlyMap<number, ProcessStat>): number {
  return family(pid, processes).reduce((sum, { cpuS, reapedS }) => sum + cpuS + reapedS, 0);
}

export function familyRssBytes(pid: number, processes: ReadonlyMap<number, ProcessStat>): number {
  return family(pid, processes).reduce((sum, { rssBytes }) => sum + rssBytes, 0);
}

/** Processor seconds that the whole machine has been busy since it was started. */
export function machineBusyS(): number {
  const [, ...fields] = (readFileSync("/proc/stat", "latin1").split("\n")[0] ?? "").trim().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = fields.map(Number);
  return (user + nice + system + irq + softIrq) / TICKS_PER_S;
}

function family(pid: number, processes: ReadonlyMap<number, ProcessStat>): readonly ProcessStat[] {
  const found: ProcessStat[] = [];
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const stat = processes.get(next);
    if (stat === undefined) continue;
    found.push(stat);
    for (const other of processes.values()) if (other.parent === next) waiting.push(other.pid);
  }
  return found;
}

/** @see man 5 proc_pid_stat */
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // It has ended since the folder was read.
  }
  // The second field is a name in parentheses that may hold anything; the third is the state.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent = 0, , , , , , , , , , user = 0, system = 0, reapedUser = 0, reapedSystem = 0] = fields;
  return {
    pid,
    parent,
    cpuS: (user + system) / TICKS_PER_S,
    reapedS: (reapedUser + reapedSystem) / TICKS_PER_S,
    rssBytes: (fields[21] ?? 0) * PAGE_BYTES,
  };
}
