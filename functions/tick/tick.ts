import type { Context } from "aws-lambda";
import type { Core } from "../../core/services/core.ts";
import type { Pacer } from "../../core/services/pace.ts";
import type { PoolSizer } from "../../core/services/pool-sizer.ts";
import { tick, type TickReport } from "../../core/services/tick.ts";
import type { FunctionLog } from "../shared/function-log.ts";
import { readWakeUp } from "../shared/read-wake-up.ts";

export interface TickDeps {
  readonly core: Core;
  readonly sizer: PoolSizer;
  readonly pacer: Pacer;
  /** In how many groups the shards are ticked. */
  readonly groups: number;
  readonly log: FunctionLog;
}

/** Left to end what has been begun, once no more is begun. */
const MARGIN_MS = 10_000;

/** Dispatches what is due, at the wish of EventBridge Scheduler. The same event twice does no more than once. */
export function tickHandler({ core, sizer, pacer, groups, log }: TickDeps) {
  return async (event: unknown, context: Pick<Context, "getRemainingTimeInMillis">): Promise<TickReport> => {
    const nowMs = core.clock.nowMs();
    const { scheduledAtMs, group } = readWakeUp(event, nowMs);
    const report = await tick(core, {
      scheduledAtMs,
      deadlineMs: nowMs + context.getRemainingTimeInMillis() - MARGIN_MS,
      sizer,
      pacer,
      isPaced: groups === 1,
      ...(group === undefined ? {} : { group }),
      onError: (error) => {
        core.metrics.count("visit_errors");
        log.error("visit failed", error);
      },
    });
    log.info("tick", { scheduledAtMs, ...(group === undefined ? {} : { group: group.index }), ...report });
    return report;
  };
}
