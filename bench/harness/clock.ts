import { SystemClock } from "../../adapters/shared/system-clock.ts";

const clock = new SystemClock();

/** Wall time with a fraction, epoch milliseconds. */
export function nowMs(): number {
  return clock.nowMs();
}

export function sleep(ms: number): Promise<void> {
  return clock.sleep(ms);
}

export function sleepUntil(atMs: number): Promise<void> {
  return clock.sleep(atMs - nowMs());
}

/** Waits until `isTrue` or until `limitMs` are over; returns whether it came true. */
export async function waitUntil(
  isTrue: () => boolean | Promise<boolean>,
  { limitMs, everyMs }: { limitMs: number; everyMs: number },
): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  while (performance.now() < endMs) {
    if (await isTrue()) return true;
    await sleep(everyMs);
  }
  return isTrue();
}
