import type { Core } from "../../core/services/core.ts";
import { settle, type SettleOptions, type SettleReport } from "../../core/services/settle.ts";
import type { FunctionLog } from "../shared/function-log.ts";
import { readWakeUp } from "../shared/read-wake-up.ts";

export interface SettleDeps extends Pick<SettleOptions, "sizer" | "fatesOf"> {
  readonly core: Core;
  readonly log: FunctionLog;
}

/** Clears up after workers that are gone and sizes the pools, at the wish of EventBridge Scheduler. */
export function settleHandler({ core, log, sizer, fatesOf }: SettleDeps) {
  return async (event: unknown): Promise<SettleReport> => {
    const { scheduledAtMs } = readWakeUp(event, core.clock.nowMs());
    const onError = (error: unknown): void => {
      core.metrics.count("settle_errors");
      log.error("settling failed", error);
    };
    const report = await settle(core, { sizer, fatesOf, onError });
    for (const worker of report.reaped) log.warn("worker reaped", { worker });
    for (const finding of report.findings) log.warn("slots unexplained", finding);
    log.info("settle", { scheduledAtMs, reaped: report.reaped.length, findings: report.findings.length });
    return report;
  };
}
