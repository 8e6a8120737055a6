import type { HostHealth } from "../../api/api-deps.ts";
import { SAFETY_PERIOD_MS } from "../../core/ports/timer.ts";
import type { Core } from "../../core/services/core.ts";
import type { Pacer } from "../../core/services/pace.ts";
import { oldestTick } from "../../core/services/tick.ts";

/** At the slow pace ticks come a safety period apart, each up to a minute late; then one has failed. */
const READY_WITHIN_MS = SAFETY_PERIOD_MS + 2 * 60_000;

/** Whether ticks come, as the table tells: no scheduler runs in this process. None are to come while the platform is paused. */
export async function tickHealth(
  core: Core,
  { groups, pacer }: { readonly groups: number; readonly pacer: Pacer },
): Promise<HostHealth> {
  // A store that can't be read is told of as such; of the ticks nothing is known then.
  const last = await oldestTick(core, groups).catch(() => undefined);
  const isStopped = await pacer.isStopped().catch(() => false);
  const lastRoundAgeMs = last === undefined ? Infinity : Math.max(0, core.clock.nowMs() - last.startedAtMs);
  return { ready: isStopped || lastRoundAgeMs <= READY_WITHIN_MS, scheduler: { shards: [], lastRoundAgeMs } };
}
