import type { RunKey } from "../run/run-id.ts";
import { MAX_WATCHED, type RunEntry } from "../store/due-index.ts";

/** A watch for a run that has been rung for, first looked at `visitAtMs`. */
export function watchOf(run: RunKey, visitAtMs: number, nowMs: number): RunEntry {
  const { namespace, job, stamp } = run;
  return {
    kind: "runs",
    namespace,
    job,
    stamps: [stamp],
    visitAtMs,
    rungThroughMs: visitAtMs,
    looks: 0,
    armedAtMs: nowMs,
  };
}

/** Watches for runs of one job, as few as possible; a watch holds runs that are due one after the other. */
export function watchesOf(
  runs: readonly (RunKey & { readonly dueAtMs: number })[],
  {
    nowMs,
    rungThroughMs,
    visitAtMs,
  }: { nowMs: number; rungThroughMs: number; visitAtMs: (first: number, last: number) => number },
): readonly RunEntry[] {
  const sorted = runs.toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  const entries: RunEntry[] = [];
  for (let i = 0; i < sorted.length; i += MAX_WATCHED) {
    const group = sorted.slice(i, i + MAX_WATCHED);
    const [first] = group;
    if (first === undefined) break;
    const { namespace, job, dueAtMs } = first;
    const stamps = group.map((run) => run.stamp);
    const visit = visitAtMs(dueAtMs, group.at(-1)?.dueAtMs ?? dueAtMs);
    entries.push({ kind: "runs", namespace, job, stamps, visitAtMs: visit, rungThroughMs, looks: 0, armedAtMs: nowMs });
  }
  return entries;
}
