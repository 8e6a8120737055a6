import type { Table } from "../ports/table.ts";
import { keys } from "../store/keys.ts";

/** What is put down of a tick as it begins. */
export interface TickLease {
  /** Rises with every tick. */
  readonly epoch: number;
  /** The instant that the tick was scheduled for, by the clock of the service that schedules all ticks. */
  readonly scheduledAtMs: number;
  readonly startedAtMs: number;
  /** That of the tick before, if there was one. */
  readonly previousAtMs?: number;
}

/**
 * Takes the lease of one group of shards for the tick that was scheduled for an instant; `undefined` when that tick, or a
 * later one, has it: the service that wakes us may wake us twice.
 *
 * Instants of one clock are compared, that of the waking service; nothing is waited for and nothing has to be given up,
 * so a tick that dies holds up nobody: the next one was scheduled later. Like every lease it only saves work. Two ticks
 * at the same time, or a late one beside its successor, fire every slot once all the same.
 */
export async function takeTickLease(
  table: Table,
  group: number,
  { scheduledAtMs, nowMs }: { scheduledAtMs: number; nowMs: number },
): Promise<TickLease | undefined> {
  for (;;) {
    const stored = await table.get(keys.tickLease(group));
    const former = stored?.body as TickLease | undefined;
    if (former !== undefined && former.scheduledAtMs >= scheduledAtMs) return undefined;
    const lease: TickLease = {
      epoch: (former?.epoch ?? 0) + 1,
      scheduledAtMs,
      startedAtMs: nowMs,
      ...(former === undefined ? {} : { previousAtMs: former.scheduledAtMs }),
    };
    const written = await table.put(keys.tickLease(group), lease, stored?.rev ?? "absent");
    if (written.ok) return lease;
  }
}

/** The last tick of a group that has begun, or `undefined` before the first. */
export async function lastTick(table: Table, group: number): Promise<TickLease | undefined> {
  return (await table.get(keys.tickLease(group)))?.body as TickLease | undefined;
}
