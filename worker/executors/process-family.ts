import { HAS_PROCESS_TABLE, hasEnvironment, listProcesses, type ProcessEntry, readProcess } from "./process-table.ts";

/** A process that was signalled. */
export interface FamilyMember extends ProcessEntry {
  readonly inGroup: boolean;
  /** The signal could not be sent: the process had ended meanwhile, or belongs to another user. */
  readonly isMissed: boolean;
}

/**
 * All processes of one attempt: the one that was started (the root, leader of its own group and session) and whatever
 * came from it. A process belongs to the family when it is in the group or session of the root, when it was started with
 * the marker in its environment, when its parent belongs, or when it belonged before. So `setsid`, a double fork or
 * `nohup` do not lead out; what has left the session, cleared its environment *and* lost its parents before anybody
 * looked cannot be found.
 *
 * Where there is no process table (other systems than Linux) the family is the group of the root, as one member.
 */
export class ProcessFamily {
  readonly #rootPid: number | undefined;
  readonly #marker: readonly string[];
  /** Nothing that started before the root came from it. */
  readonly #sinceTicks: number;
  readonly #known = new Set<string>();

  /**
   * @param marker - variables such as `CARILLON_RUN_ID=r` that every process of the family inherits
   * @param rootPid - absent: the family is found by the marker alone
   */
  constructor(marker: readonly string[], rootPid?: number) {
    this.#marker = marker;
    this.#rootPid = rootPid;
    const root = rootPid === undefined || !HAS_PROCESS_TABLE ? undefined : readProcess(rootPid);
    this.#sinceTicks = root?.startTicks ?? 0;
  }

  /** Members that have not ended. */
  living(): ProcessEntry[] {
    if (!HAS_PROCESS_TABLE) return this.#livingGroup();
    const candidates = listProcesses().filter(
      (entry) => entry.startTicks >= this.#sinceTicks && entry.pid !== process.pid && entry.pid !== 1,
    );
    const members = new Map<number, ProcessEntry>();
    for (const entry of candidates) if (this.#belongs(entry)) members.set(entry.pid, entry);
    addDescendants(members, candidates);
    for (const entry of members.values()) this.#known.add(keyOf(entry));
    return [...members.values()];
  }

  /**
   * Sends a signal to all members: to the group in one step, so that no fork slips through, then to who has left it.
   *
   * @returns the members before the signal; empty when nobody was left
   */
  signal(name: "SIGTERM" | "SIGKILL"): FamilyMember[] {
    const members = this.living();
    if (this.#rootPid !== undefined && members.some((entry) => entry.groupId === this.#rootPid)) {
      sendSignal(-this.#rootPid, name);
    }
    return members.map((entry) => {
      const inGroup = entry.groupId === this.#rootPid;
      return { ...entry, inGroup, isMissed: !inGroup && !sendSignal(entry.pid, name) };
    });
  }

  #belongs(entry: ProcessEntry): boolean {
    if (this.#known.has(keyOf(entry))) return true;
    if (this.#rootPid !== undefined && (entry.groupId === this.#rootPid || entry.sessionId === this.#rootPid))
      return true;
    return hasEnvironment(entry.pid, this.#marker);
  }

  #livingGroup(): ProcessEntry[] {
    const rootPid = this.#rootPid;
    if (rootPid === undefined || !sendSignal(-rootPid, 0)) return [];
    return [
      { pid: rootPid, parentPid: process.pid, groupId: rootPid, sessionId: rootPid, startTicks: 0, name: "group" },
    ];
  }
}

function addDescendants(members: Map<number, ProcessEntry>, candidates: readonly ProcessEntry[]): void {
  for (let before = 0; members.size > before;) {
    before = members.size;
    for (const entry of candidates) if (members.has(entry.parentPid)) members.set(entry.pid, entry);
  }
}

/** @returns `false` when there is no such process any more, or it may not be signalled */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function keyOf(entry: ProcessEntry): string {
  return `${entry.pid}@${entry.startTicks}`;
}
