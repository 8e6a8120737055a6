import type { SilenceNotes } from "../lease/silence-observer.ts";
import { keys } from "../store/keys.ts";
import type { Fate, ProcessRef, WorkerRecord } from "../worker/worker-record.ts";
import { auditLedgers, type LedgerFinding } from "./audit-ledgers.ts";
import type { Core } from "./core.ts";
import type { PoolSizer, PoolWork } from "./pool-sizer.ts";
import { reapWorkers, type WorkerRemains } from "./reap-workers.ts";

export interface SettleOptions {
  readonly sizer: PoolSizer;
  /** What the fleet knows of the processes of workers, as of now. Asked only when workers are at work. */
  readonly fatesOf: (processes: readonly ProcessRef[]) => Promise<(process: ProcessRef) => Fate>;
  /** Told of what went wrong; the rest is done all the same. */
  readonly onError: (error: unknown) => void;
}

export interface SettleReport {
  /** Workers whose runs have been given to others. */
  readonly reaped: readonly string[];
  /** Slots that no row accounts for. There should never be any. */
  readonly findings: readonly LedgerFinding[];
}

interface SilenceRecord {
  readonly notes: SilenceNotes;
  readonly notedAtMs: number;
}

/** Nothing of a worker on another machine is ours to clear away: what held its messages lets them go by itself. */
const NOTHING_REMAINS: WorkerRemains = {
  releaseMessages: () => Promise.resolve(),
  clearAway: () => Promise.resolve(),
};

/**
 * The sweeper of a platform where none runs all the time: takes their runs from workers that are gone, sizes the pools,
 * and compares ledgers with their schedules. May be called twice, or killed at any point.
 */
export async function settle(core: Core, { sizer, fatesOf, onError }: SettleOptions): Promise<SettleReport> {
  const noting: Core = { ...core, onRung: (rung) => Promise.resolve(sizer.note(rung)) };
  const workers = await allWorkers(core);
  const reaped = await reapSilent(noting, workers, fatesOf).catch((error: unknown) => {
    onError(error);
    return [];
  });
  await sizer.grow().catch(onError);
  await sizer.settle(workByPool(workers)).catch(onError);
  const findings = await auditLedgers(core, { onError });
  return { reaped, findings };
}

function workByPool(workers: readonly WorkerRecord[]): ReadonlyMap<string, PoolWork> {
  const work = new Map<string, PoolWork>();
  for (const { pool, state, running: runs } of workers) {
    if (state === "gone" || runs.length === 0) continue;
    const { running, busyWorkers } = work.get(pool) ?? { running: 0, busyWorkers: 0 };
    work.set(pool, { running: running + runs.length, busyWorkers: busyWorkers + 1 });
  }
  return work;
}

/**
 * Reaps workers with the memory of the calls before: the silence of a worker is longer than one call lasts. Between calls
 * it is measured by the wall clocks of the hosts that made them; that they differ by some seconds delays or hastens a
 * finding by as much, and a worker that is found dead too soon is fenced like any other.
 */
async function reapSilent(
  core: Core,
  workers: readonly WorkerRecord[],
  fatesOf: SettleOptions["fatesOf"],
): Promise<readonly string[]> {
  if (workers.length === 0) return [];
  const living = workers.filter(({ state }) => state !== "gone");
  const stored = await core.table.get(keys.silence);
  const record = stored?.body as SilenceRecord | undefined;
  if (record !== undefined) core.observer.resume(record.notes, core.clock.nowMs() - record.notedAtMs);
  const fateOf = await fatesOf(living.flatMap(({ process }) => process ?? []));
  const reaped = await reapWorkers({ ...core, fateOf }, NOTHING_REMAINS);
  for (const worker of workers) if (worker.state === "gone") core.observer.forget(worker.id);
  const notes: SilenceRecord = { notes: core.observer.notes(), notedAtMs: core.clock.nowMs() };
  if (living.length > 0) await core.table.put(keys.silence, notes, "any");
  return reaped;
}

async function allWorkers(core: Core): Promise<readonly WorkerRecord[]> {
  const pools = await core.workers.pools();
  return (await Promise.all(pools.map((pool) => core.workers.list(pool)))).flat();
}
