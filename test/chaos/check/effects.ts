import type { Run } from "../../../api/contract/run.ts";
import type { Effect } from "../effects.ts";
import type { JobReading, Violation } from "./history.ts";

/** The effects of one attempt, by their places in the ledger. */
interface Traced {
  readonly run: Run;
  readonly attempt: number;
  readonly epoch: number;
  readonly beganAt: number;
  /** `Infinity`: it was ended before, or failed. */
  readonly doneAt: number;
  readonly atUptimeMs: number;
}

/** Checks what attempts did outside of Carillon against what is recorded of them. */
export function checkEffects(effects: readonly Effect[], readings: readonly JobReading[]): readonly Violation[] {
  const runs = new Map(readings.flatMap((reading) => reading.runs.map((run) => [run.id, run] as const)));
  const { traced, violations } = trace(effects, runs);
  const byRun = Map.groupBy(traced, ({ run }) => run.id);
  return [
    ...violations,
    ...[...runs.values()].flatMap((run) => checkSuccess(run, byRun.get(run.id) ?? [])),
    ...[...byRun.values()].flatMap(checkAttempts),
    ...readings.filter(isExclusive).flatMap(({ job }) => checkExclusion(traced.filter(({ run }) => run.job === job))),
  ];
}

function trace(
  effects: readonly Effect[],
  runs: ReadonlyMap<string, Run>,
): { traced: readonly Traced[]; violations: readonly Violation[] } {
  const traced = new Map<string, Traced>();
  const violations: Violation[] = [];
  for (const [place, { phase, runId, attempt, epoch, atUptimeMs }] of effects.entries()) {
    const run = runs.get(runId);
    const key = `${runId}#${attempt}`;
    const known = traced.get(key);
    if (run === undefined || attempt > run.attempt) {
      const text = `attempt ${attempt} of run ${runId} had an effect and is not recorded`;
      violations.push({ kind: "phantom", text, atUptimeMs });
    } else if (phase === "begin" && known !== undefined) {
      const text = `attempt ${attempt} of run ${runId} was begun twice, at epochs ${known.epoch} and ${epoch}`;
      violations.push({ kind: "doubled", text, atUptimeMs });
    } else if (phase === "begin") {
      traced.set(key, { run, attempt, epoch, beganAt: place, doneAt: Infinity, atUptimeMs });
    } else if (known !== undefined) {
      traced.set(key, { ...known, doneAt: place });
    }
  }
  return { traced: [...traced.values()], violations };
}

/** A success has its effect, and is that of the last holder. */
function checkSuccess(run: Run, attempts: readonly Traced[]): readonly Violation[] {
  if (run.status !== "succeeded") return [];
  const accepted = attempts.find(({ attempt }) => attempt === run.attempt);
  const atHostMs = Date.parse(run.endedAt ?? run.dueAt);
  if (accepted === undefined || accepted.doneAt === Infinity)
    return [{ kind: "phantom", text: `run ${run.id} has succeeded without its effect`, atHostMs }];
  const later = attempts.find(({ epoch }) => epoch > accepted.epoch);
  if (later === undefined) return [];
  const text = `run ${run.id} took the success of epoch ${accepted.epoch} although epoch ${later.epoch} held it`;
  return [{ kind: "doubled", text, atHostMs }];
}

/** Epochs rise, and attempts of a run meet only when the earlier one was lost. */
function checkAttempts(attempts: readonly Traced[]): readonly Violation[] {
  const sorted = attempts.toSorted((a, b) => a.attempt - b.attempt);
  return sorted.flatMap((later, index): readonly Violation[] => {
    const { run, attempt, atUptimeMs } = later;
    return sorted.slice(0, index).flatMap((earlier): readonly Violation[] => {
      const name = `attempts ${earlier.attempt} and ${attempt} of run ${run.id}`;
      if (earlier.epoch >= later.epoch)
        return [{ kind: "doubled", text: `${name} have epochs ${earlier.epoch} and ${later.epoch}`, atUptimeMs }];
      if (!meet(earlier, later) || isLost(earlier)) return [];
      return [{ kind: "overlap", text: `${name} met, and the earlier one was not lost`, atUptimeMs }];
    });
  });
}

/** Runs of the job one at a time; those of a worker that was frozen or killed are recorded as lost, and excused. */
function checkExclusion(attempts: readonly Traced[]): readonly Violation[] {
  const sorted = attempts.toSorted((a, b) => a.beganAt - b.beganAt);
  return sorted.flatMap((earlier, index): readonly Violation[] => {
    if (earlier.doneAt === Infinity || isLost(earlier)) return [];
    return sorted
      .slice(index + 1)
      .filter((later) => later.run.id !== earlier.run.id && meet(earlier, later) && !isLost(later))
      .map(({ run, atUptimeMs }): Violation => {
        return { kind: "overlap", text: `run ${run.id} began while run ${earlier.run.id} was at work`, atUptimeMs };
      });
  });
}

function meet(earlier: Traced, later: Traced): boolean {
  return earlier.doneAt !== Infinity && earlier.beganAt < later.beganAt && later.beganAt < earlier.doneAt;
}

function isLost({ run, attempt }: Traced): boolean {
  return run.attempts.some((record) => record.attempt === attempt && record.outcome === "lost");
}

function isExclusive({ versions }: JobReading): boolean {
  return versions.every(({ definition: { overlap } }) => overlap === "skip" || overlap === "queueAll");
}
