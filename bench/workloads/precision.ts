import { nowMs, sleep, sleepUntil, waitUntil } from "../harness/clock.ts";
import type { Figures, Step } from "../messages.ts";
import type { StepTools } from "../step-tools.ts";
import { LatenessLog } from "./lateness.ts";

const SETTLE_MS = 1_000;
const LEAD_MS = 1_500;
/** Least time between the last insert and the first job. */
const MARGIN_MS = 300;
const STRAGGLERS_MS = 15_000;

/** One-off jobs at evenly spread instants, in a store that may hold many others. */
export async function precision(
  { jobs, windowMs, leadMs }: Extract<Step, { kind: "precision" }>,
  { open, mark, peer, tooSlow }: StepTools,
): Promise<Figures> {
  const session = await open();
  const log = new LatenessLog(jobs);
  await session.startWorker(log.handler);
  await sleep(SETTLE_MS);

  const startMs = nowMs();
  const firstMs = Math.ceil(startMs + LEAD_MS + leadMs + (jobs / peer.insertsPerSecond) * 1_000);
  await session.insert(
    Array.from({ length: jobs }, (_, i) => ({ i, dueAtMs: firstMs + Math.floor((i * windowMs) / jobs) })),
  );
  const insertMs = nowMs() - startMs;
  if (nowMs() > firstMs - MARGIN_MS) return tooSlow(insertMs);

  await sleepUntil(firstMs);
  await mark("start");
  await sleepUntil(firstMs + windowMs);
  await mark("end");
  await waitUntil(() => log.isComplete, { limitMs: STRAGGLERS_MS, everyMs: 20 });
  await session.stop();
  return { ...log.figures(), insertMs };
}
