import type { CompiledJob } from "../job/compile.ts";
import type { JobDefinition } from "../job/definition.ts";
import { expandMacros } from "../run/macros.ts";
import { macroContext } from "../run/macro-context.ts";
import type { Run } from "../run/run.ts";

/** A limit that a run is subject to. */
export interface RunLimit {
  readonly key: string;
  readonly capacity: number;
  readonly weight: number;
  readonly whenFull: NonNullable<JobDefinition["overlap"]>;
}

/**
 * The limits of a run in the order in which they are taken: first the job's own keys, where runs stand in line, then what
 * keeps runs of the job apart, which may skip them, then the keys that it shares with other jobs; within that by key. All
 * runs keep to this one order and hold what they have while they wait for the next, so nobody ever waits in a circle.
 *
 * The overlap policy is a limit of one run a job. Runs of a backfill have their own concurrency in its place.
 *
 * @throws {MacroError} when a concurrency key can't be expanded with the run's parameters
 */
export function runLimits(run: Run, job: CompiledJob): readonly RunLimit[] {
  const { namespace, name } = job.version;
  const limits: RunLimit[] = [];
  if (run.origin?.backfill !== undefined) {
    const capacity = run.origin.backfillConcurrency ?? 1;
    limits.push({
      key: `backfill#${namespace}/${name}#${run.origin.backfill}`,
      capacity,
      weight: 1,
      whenFull: "queueAll",
    });
  } else if (job.overlap !== "allow") {
    limits.push({ key: overlapKey(job), capacity: 1, weight: 1, whenFull: whenOverlapping(run, job) });
  }
  for (const rule of job.concurrency) {
    // A run keeps its keys from attempt to attempt, or it could not leave the limit that it holds.
    const context = macroContext({ ...run, attempt: 0, epoch: 0 }, job);
    const text = rule.key === undefined ? "" : expandMacros(rule.key, context);
    const scope = rule.scope === "namespace" ? namespace : `${namespace}/${name}`;
    limits.push({ key: `key#${scope}#${text}`, capacity: rule.limit, weight: rule.weight, whenFull: "queueAll" });
  }
  return limits.sort((a, b) => rankOf(a) - rankOf(b) || (a.key < b.key ? -1 : 1));
}

function rankOf(limit: RunLimit): number {
  if (isShared(limit)) return 2;
  return keepsRunsApart(limit) ? 1 : 0;
}

/** Whether runs of several jobs are subject to a limit. No name holds a slash: a key whose scope has one is of a single job. */
export function isShared({ key }: RunLimit): boolean {
  return key.split("#")[1]?.includes("/") !== true;
}

/**
 * Some runs that would be skipped run one after the other instead: those of a pause that were asked for at the resumption,
 * which are due all at once, and those that steps of workflows wait for.
 */
function whenOverlapping({ cause }: Run, { overlap, version }: CompiledJob): RunLimit["whenFull"] {
  const mustRun = version.state === "paused" || cause === "workflow";
  return mustRun && (overlap === "skip" || overlap === "queueOne") ? "queueAll" : overlap;
}

export function overlapKey(job: CompiledJob): string {
  return `overlap#${job.version.namespace}/${job.version.name}`;
}

/**
 * How many of a run's limits, in their order, it keeps while it waits for its next attempt: all up to the one that keeps runs
 * of a job apart. To keep that one alone would mean to wait, later, for one that comes before it.
 */
export function keptBetweenAttempts(limits: readonly RunLimit[]): number {
  return limits.findLastIndex(keepsRunsApart) + 1;
}

function keepsRunsApart({ key }: RunLimit): boolean {
  return key.startsWith("overlap#") || key.startsWith("backfill#");
}
