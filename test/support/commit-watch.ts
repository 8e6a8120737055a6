import { formatRunId } from "../../core/run/run-id.ts";
import { ENDED_STATUSES, isCarried, type Run, type RunStatus } from "../../core/run/run.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { Commit } from "./memory-items.ts";
import type { MemoryTable } from "./memory-table.ts";

type ActiveRun = Extract<Run, { status: "running" }>;

const NEXT: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ["queued", "running", "cancelled", "expired", "skipped"],
  running: ["running", "queued", "retrying", "succeeded", "failed", "timedOut", "cancelled"],
  retrying: ["queued", "running", "cancelled"],
  succeeded: [],
  failed: [],
  timedOut: [],
  cancelled: [],
  expired: [],
  skipped: [],
};

/** How much of a limit a running run takes; `undefined`: it is not subject to it. */
export interface WatchedLimit {
  readonly capacity: number;
  readonly weightOf: (run: ActiveRun) => number | undefined;
}

/**
 * Looks at every commit of a table and puts down what must never happen: a final state that changes, a transition that
 * does not exist, an epoch that does not rise with a claim, a start before its time, a limit that is exceeded.
 */
export class CommitWatch {
  readonly violations: string[] = [];
  /** Limits to be watched besides one running run for each job that does not allow overlap. */
  readonly limits: WatchedLimit[] = [];
  readonly #clock: Clock;
  readonly #running = new Map<string, ActiveRun>();

  constructor(table: MemoryTable, clock: Clock) {
    this.#clock = clock;
    table.onCommit((commit) => this.#look(commit));
  }

  #look({ key, before, after }: Commit): void {
    if (!/^(run|steps|items)#/.test(key.pk) || key.sk.endsWith("~gap")) return;
    this.#lookAtRun(before as Run | undefined, after as Run | undefined);
  }

  #lookAtRun(before: Run | undefined, after: Run | undefined): void {
    if (after === undefined) return this.#tell("a run was deleted", before);
    const isMarked = before !== undefined && isCarried(before) && "mark" in after;
    if (before !== undefined && !isMarked && !NEXT[before.status].includes(after.status))
      this.#tell(`${before.status} became ${after.status}`, after);
    if (before !== undefined && (ENDED_STATUSES as readonly string[]).includes(before.status))
      this.#tell("a final run was written again", after);
    if (before !== undefined && after.epoch < before.epoch) this.#tell("the epoch fell", after);
    if (!Number.isInteger(after.slotAtMs)) this.#tell(`its slot ${after.slotAtMs} is not whole`, after);
    if (after.status !== "running") {
      this.#running.delete(formatRunId(after));
      return;
    }
    if (before?.status === "running") {
      if (before.epoch !== after.epoch) this.#tell("a running run was claimed", after);
    } else {
      if (after.epoch <= (before?.epoch ?? 0)) this.#tell("a claim did not raise the epoch", after);
      if (after.attempt !== (before?.attempt ?? 0) + 1) this.#tell("a claim did not raise the attempt by one", after);
      const dueAtMs = before?.status === "retrying" ? before.retryAtMs : after.dueAtMs;
      if (this.#clock.nowMs() < dueAtMs) this.#tell(`it started before ${dueAtMs}`, after);
    }
    this.#running.set(formatRunId(after), after);
    this.#checkLimits(after);
  }

  #checkLimits(started: ActiveRun): void {
    const running = [...this.#running.values()];
    for (const key of started.limits ?? []) {
      if (!key.startsWith("overlap#")) continue;
      if (running.filter(({ limits }) => limits?.includes(key)).length > 1)
        this.#tell("it overlaps another run", started);
    }
    for (const { capacity, weightOf } of this.limits) {
      if (weightOf(started) === undefined) continue;
      const weights = running.flatMap((run) => weightOf(run) ?? []);
      const used = weights.reduce((sum, weight) => sum + weight, 0);
      if (used > capacity && weights.length > 1) this.#tell(`a limit of ${capacity} is used by ${used}`, started);
    }
  }

  #tell(problem: string, run: Run | undefined): void {
    this.violations.push(`${run === undefined ? "" : formatRunId(run)}: ${problem}`);
  }
}
