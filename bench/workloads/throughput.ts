import { waitUntil } from "../harness/clock.ts";
import type { StepTools } from "../step-tools.ts";
import type { Figures, Step } from "../messages.ts";

const RUN_WITHIN_MS = 120_000;
const DRAIN_WITHIN_MS = 20_000;
const SINGLES_WITHIN_MS = 1_500;

/** Everything is queued before the worker is started; the clock stops when the store says that nothing is left. */
export async function throughput(
  { jobs, singles }: Extract<Step, { kind: "throughput" }>,
  { open, mark }: StepTools,
): Promise<Figures> {
  const session = await open();
  const list = Array.from({ length: jobs }, (_, i) => ({ i, dueAtMs: 0 }));
  const seen = new Uint8Array(jobs);
  let started = 0;
  let twice = 0;

  await mark("start");
  const queueMs = performance.now();
  await session.insert(list);
  const queuedMs = performance.now();
  const workMs = performance.now();
  await session.startWorker((i) => {
    if (seen[i] === 1) twice += 1;
    else started += 1;
    seen[i] = 1;
  });
  await waitUntil(() => started === jobs, { limitMs: RUN_WITHIN_MS, everyMs: 1 });
  const isDrained = await waitUntil(async () => (await session.remaining()) === 0, {
    limitMs: DRAIN_WITHIN_MS,
    everyMs: 5,
  });
  const doneMs = performance.now();
  await mark("end");
  const unfinished = await session.unfinished?.();
  await session.stop();

  return {
    enqueuePerS: perS(jobs, queuedMs - queueMs),
    processPerS: perS(started, doneMs - workMs),
    endToEndPerS: perS(started, queuedMs - queueMs + doneMs - workMs),
    singlePerS: await enqueueSingles(singles, open),
    notRun: jobs - started,
    notEnded: isDrained ? (unfinished ?? 0) : null,
    twice,
  };
}

/** One at a time, each awaited, without a worker. */
async function enqueueSingles(singles: number, open: StepTools["open"]): Promise<number> {
  const session = await open();
  const startMs = performance.now();
  let count = 0;
  for (; count < singles && performance.now() - startMs < SINGLES_WITHIN_MS; count += 1) {
    await session.insertOne({ i: count, dueAtMs: 0 });
  }
  const tookMs = performance.now() - startMs;
  await session.stop();
  return perS(count, tookMs);
}

function perS(count: number, ms: number): number {
  return count / (ms / 1_000);
}
