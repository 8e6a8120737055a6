import type { HandlerContext } from "../../../worker/executors/handler-context.ts";

/** Runs in a process of its own, reports progress and returns a result. */
export default async function summarise({ slot, logger, progress }: HandlerContext): Promise<{ until: string }> {
  logger.info(`summarising what was there until ${slot.at.toISOString()}`);
  for (let percent = 25; percent <= 100; percent += 25) {
    progress({ percent });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { until: slot.at.toISOString() };
}
