import type { Clock } from "../core/ports/clock.ts";

/** The reason of an abort that only wakes someone. Without a reason of its own each abort would build an error, with its stack. */
export const WOKEN = "woken";

/** Resolves when `awaited` does, and after `ms` at the latest. */
export async function atMost(clock: Clock, ms: number, awaited: Promise<void>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([clock.sleep(ms, timer.signal), awaited]);
  timer.abort(WOKEN);
}
