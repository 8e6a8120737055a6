import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Fate, ProcessRef } from "../../core/worker/worker-record.ts";

/** Names this process so that others on the machine can tell for certain whether it lives. */
export function ownProcess(): ProcessRef {
  return processRef(process.pid);
}

export function processRef(pid: number): ProcessRef {
  const startTicks = readStartTicks(pid);
  return {
    host: hostname(),
    pid,
    ...(startTicks === undefined ? {} : { startTicks }),
    ...(OWN_SPACE === undefined ? {} : { space: OWN_SPACE }),
  };
}

/** A text that names one life of a process among those that share a data folder. */
export function holderName({ pid, startTicks = "", space = "" }: ProcessRef): string {
  return `${pid}@${startTicks}@${space}`;
}

/**
 * What is known of a process. It is gone for certain when its id counts in the same space as ours, and is free or belongs
 * to a process that was started at another time.
 */
export function fateOfProcess({ host, pid, startTicks, space }: ProcessRef): Fate {
  if (host !== hostname() || space !== OWN_SPACE) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? "gone" : "unknown";
  }
  if (startTicks === undefined) return "unknown";
  return readStartTicks(pid) === startTicks ? "alive" : "gone";
}

/** Field 22 of /proc/PID/stat, the start time since boot; `undefined` where there is no such file, or for a zombie. */
function readStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is a name in parentheses that may hold anything, also parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[STARTTIME_AFTER_NAME];
  } catch {
    return undefined;
  }
}

const STARTTIME_AFTER_NAME = 19;

/**
 * Containers may share a host name and not see each other's processes, and machines may share a name: the kernel's boot
 * and the namespace of process ids tell them apart. `undefined` where the system knows neither.
 */
const OWN_SPACE = spaceOf([
  () => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim(),
  () => readlinkSync("/proc/self/ns/pid"),
]);

function spaceOf(sources: readonly (() => string)[]): string | undefined {
  const parts = sources.flatMap((read) => {
    try {
      return [read()];
    } catch {
      return [];
    }
  });
  return parts.length === 0 ? undefined : parts.join(" ");
}
