import { nowMs, sleep, sleepUntil } from "../harness/clock.ts";
import { latenessOf } from "../harness/statistics.ts";
import type { Figures, Step } from "../messages.ts";
import type { BenchCron, BenchHandler, Session } from "../peer.ts";
import type { StepTools } from "../step-tools.ts";

const SETTLE_MS = 2_000;
const MINUTE_MS = 60_000;
const STRAGGLERS_MS = 3_000;
/** A job of each minute is not registered just before a minute. */
const CLEAR_OF_MINUTE_MS = 10_000;

interface Fire {
  readonly i: number;
  readonly dueAtMs: number;
  readonly atMs: number;
}

/** Recurring jobs: half of them each second and half each 2 s, or all of them at one minute. */
export async function recurring(
  { jobs, windowMs, unit }: Extract<Step, { kind: "recurring" }>,
  { open, mark }: StepTools,
): Promise<Figures> {
  const crons = Array.from({ length: jobs }, (_, i): BenchCron => ({
    i,
    everyS: unit === "minute" ? 60 : i % 2 === 0 ? 1 : 2,
  }));
  const fires: Fire[] = [];
  const handler: BenchHandler = (i, dueAtMs) => {
    const atMs = nowMs();
    // Where the peer does not tell, it is the last multiple of the period; a millisecond early is allowed.
    const periodMs = (crons[i]?.everyS ?? 1) * 1_000;
    fires.push({ i, atMs, dueAtMs: dueAtMs ?? Math.floor((atMs + 1) / periodMs) * periodMs });
  };
  const session = await open();
  const registerMs = await register(session, { crons, handler, unit });

  const unitMs = unit === "minute" ? MINUTE_MS : 2_000;
  const fromMs = Math.ceil((nowMs() + SETTLE_MS) / unitMs) * unitMs;
  const toMs = unit === "minute" ? fromMs + 1 : fromMs + windowMs;
  await sleepUntil(fromMs - 5);
  await mark("start");
  await sleepUntil(fromMs + windowMs);
  await mark("end");
  await sleep(STRAGGLERS_MS);
  await session.stop();

  const wanted = fires.filter(({ dueAtMs }) => dueAtMs >= fromMs && dueAtMs < toMs);
  const first = new Map(wanted.toReversed().map((fire) => [`${fire.i}@${fire.dueAtMs}`, fire]));
  const expected = unit === "minute" ? jobs : crons.reduce((sum, { everyS }) => sum + windowMs / (everyS * 1_000), 0);
  return {
    ...latenessOf([...first.values()].map(({ atMs, dueAtMs }) => atMs - dueAtMs)),
    expected,
    missed: expected - first.size,
    twice: wanted.length - first.size,
    registerMs,
  };
}

/** @returns how long registering took; `null` where it is a part of starting the worker */
async function register(
  session: Session,
  { crons, handler, unit }: { crons: readonly BenchCron[]; handler: BenchHandler; unit: "second" | "minute" },
): Promise<number | null> {
  if (unit === "minute" && MINUTE_MS - (nowMs() % MINUTE_MS) < CLEAR_OF_MINUTE_MS) await sleep(CLEAR_OF_MINUTE_MS);
  if (session.cronsFirst === true) {
    await session.addCrons(crons);
    await session.startWorker(handler);
    return null;
  }
  await session.startWorker(handler);
  const startMs = performance.now();
  await session.addCrons(crons);
  return performance.now() - startMs;
}
