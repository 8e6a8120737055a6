import { nowMs } from "../harness/clock.ts";
import type { Figures, Step } from "../messages.ts";
import type { StepTools } from "../step-tools.ts";

const DAY_MS = 86_400_000;
const FROM_MS = 20 * DAY_MS;
const SPREAD_MS = 4 * DAY_MS;
const BATCH = 5_000;
/** Multiples of the golden ratio, without their whole part, fill an interval evenly in an order that looks like chance. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Puts jobs into the store that are due 20 to 24 days from now. */
export async function fill(
  { jobs, offset, limitMs }: Extract<Step, { kind: "fill" }>,
  { open }: StepTools,
): Promise<Figures> {
  const session = await open();
  const fromMs = nowMs() + FROM_MS;
  const startMs = performance.now();
  let filled = 0;
  while (filled < jobs && performance.now() - startMs < limitMs) {
    const length = Math.min(BATCH, jobs - filled);
    const first = offset + filled;
    const dueAtMs = Array.from({ length }, (_, k) => Math.floor(fromMs + (((first + k) * GOLDEN) % 1) * SPREAD_MS));
    if (session.fill === undefined) await session.insert(dueAtMs.map((atMs) => ({ i: -1, dueAtMs: atMs })));
    else await session.fill(dueAtMs, first);
    filled += length;
  }
  const tookMs = performance.now() - startMs;
  await session.stop();
  return { filled, fillPerS: filled / (tookMs / 1_000), fillS: tookMs / 1_000 };
}
