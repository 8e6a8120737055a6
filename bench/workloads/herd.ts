import { nowMs, sleep, sleepUntil, waitUntil } from "../harness/clock.ts";
import type { Figures, Step } from "../messages.ts";
import type { StepTools } from "../step-tools.ts";
import { LatenessLog } from "./lateness.ts";

const SETTLE_MS = 500;
const LEAD_MS = 5_000;
/** Least time between the last insert and the instant. */
const MARGIN_MS = 1_000;
const RUN_WITHIN_MS = 60_000;

/** Many jobs due at one instant, queued well before it. */
export async function herd(
  { jobs, leadMs }: Extract<Step, { kind: "herd" }>,
  { open, mark, peer, tooSlow }: StepTools,
): Promise<Figures> {
  const session = await open();
  const log = new LatenessLog(jobs);
  await session.startWorker(log.handler);
  await sleep(SETTLE_MS);

  const startMs = nowMs();
  const dueAtMs = Math.ceil(startMs + LEAD_MS + leadMs + (jobs / peer.insertsPerSecond) * 1_000);
  await session.insert(Array.from({ length: jobs }, (_, i) => ({ i, dueAtMs })));
  const insertMs = nowMs() - startMs;
  if (nowMs() > dueAtMs - MARGIN_MS) return tooSlow(insertMs);

  await sleepUntil(dueAtMs - 20);
  await mark("start");
  await waitUntil(() => log.isComplete, { limitMs: RUN_WITHIN_MS, everyMs: 5 });
  await mark("end");
  await session.stop();
  return { ...log.figures(), insertMs };
}
