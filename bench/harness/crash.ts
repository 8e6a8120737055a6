import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figures, Order } from "../messages.ts";
import { nowMs, waitUntil } from "./clock.ts";
import { foreignCores, markLoad } from "./noise.ts";
import { runInProcess, startStep, type StepResult } from "./run-step.ts";
import { percentile } from "./statistics.ts";

export interface CrashPlan {
  readonly jobs: number;
  /** The worker kills itself at this start. */
  readonly killAtStart: number;
  /** How long the second worker is watched, at most. */
  readonly watchMs: number;
}

const DIE_WITHIN_MS = 60_000;

/**
 * A worker is killed with SIGKILL in the middle of its work and another one is started at once: when do the interrupted
 * jobs run again, which never do, which run twice?
 */
export async function runCrash(
  order: Omit<Order, "step">,
  plan: CrashPlan,
  { logFolder, serverPid }: { logFolder: string; serverPid: number | undefined },
): Promise<StepResult> {
  const queued = await runInProcess({ ...order, step: { kind: "queue", jobs: plan.jobs } }, { serverPid });
  if (queued.kind !== "done") return queued;
  const log = join(logFolder, "crash.log");
  writeFileSync(log, "");
  const from = markLoad();

  const first = startStep({ ...order, step: { kind: "work", log, killAtStart: plan.killAtStart } });
  await waitUntil(() => hasEnded(first), { limitMs: DIE_WITHIN_MS, everyMs: 2 });
  if (first.signalCode !== "SIGKILL") {
    first.kill("SIGKILL");
    return { kind: "failed", failure: `the worker did not come to its start number ${plan.killAtStart}` };
  }
  const killedAtMs = nowMs();
  const before = readLog(log);

  const second = startStep({ ...order, step: { kind: "work", log, killAtStart: undefined } });
  let openedAtMs: number | undefined;
  second.on("message", () => (openedAtMs ??= nowMs()));
  await waitUntil(() => readLog(log).ends.size === plan.jobs || hasEnded(second), {
    limitMs: plan.watchMs,
    everyMs: 25,
  });
  const watchedMs = nowMs() - killedAtMs;
  second.kill("SIGKILL");
  await waitUntil(() => hasEnded(second), { limitMs: DIE_WITHIN_MS, everyMs: 2 });

  const after = readLog(log);
  const restartS = openedAtMs === undefined ? null : (openedAtMs - killedAtMs) / 1_000;
  return {
    kind: "done",
    figures: { ...compare(before, after, { jobs: plan.jobs, killedAtMs }), restartS, watchedS: watchedMs / 1_000 },
    problems: [],
    foreignCores: foreignCores(from, markLoad()),
  };
}

/** When each job started and ended, by its number. */
interface CrashLog {
  readonly starts: ReadonlyMap<string, readonly number[]>;
  readonly ends: ReadonlyMap<string, readonly number[]>;
}

function readLog(path: string): CrashLog {
  const starts = new Map<string, number[]>();
  const ends = new Map<string, number[]>();
  // What follows the last line break is a line that is being written.
  for (const line of readFileSync(path, "latin1").split("\n").slice(0, -1)) {
    const [event, i = "", at] = line.split(" ");
    const events = event === "S" ? starts : ends;
    const instants = events.get(i);
    if (instants === undefined) events.set(i, [Number(at)]);
    else instants.push(Number(at));
  }
  return { starts, ends };
}

function compare(
  before: CrashLog,
  after: CrashLog,
  { jobs, killedAtMs }: { jobs: number; killedAtMs: number },
): Figures {
  const interrupted = [...before.starts.keys()].filter((i) => !before.ends.has(i));
  const rerunS = interrupted
    .flatMap((i) => (after.starts.get(i) ?? []).find((atMs) => atMs > killedAtMs) ?? [])
    .map((atMs) => (atMs - killedAtMs) / 1_000);
  const endedS = [...after.ends.values()]
    .flatMap(([atMs]) => (atMs !== undefined && atMs > killedAtMs ? [(atMs - killedAtMs) / 1_000] : []))
    .toSorted((a, b) => a - b);
  const isAllDone = after.ends.size === jobs;
  return {
    interrupted: interrupted.length,
    firstRerunS: rerunS.length === 0 ? null : Math.min(...rerunS),
    lastRerunS: rerunS.length === 0 ? null : Math.max(...rerunS),
    backlogP50S: percentile(endedS, 50),
    allDoneS: isAllDone ? (endedS.at(-1) ?? null) : null,
    notRun: jobs - after.ends.size,
    startedTwice: [...after.starts.values()].filter((instants) => instants.length > 1).length,
    completedTwice: [...after.ends.values()].filter((instants) => instants.length > 1).length,
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
