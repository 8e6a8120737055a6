import { waitUntil } from "../harness/clock.ts";
import type { Figures, Step } from "../messages.ts";
import type { BenchWorkflow } from "../peer.ts";
import type { StepTools } from "../step-tools.ts";
import { aloneFigures, crowdFigures, endsOf } from "./workflow-figures.ts";

const RUN_WITHIN_MS = 240_000;
const DRAIN_WITHIN_MS = 20_000;
const ALONE_WITHIN_MS = 5_000;

/** Five steps in a row, and after the last of them five side by side. */
const TEN_STEPS: BenchWorkflow = new Map([
  ["row-1", []],
  ["row-2", ["row-1"]],
  ["row-3", ["row-2"]],
  ["row-4", ["row-3"]],
  ["row-5", ["row-4"]],
  ["side-1", ["row-5"]],
  ["side-2", ["row-5"]],
  ["side-3", ["row-5"]],
  ["side-4", ["row-5"]],
  ["side-5", ["row-5"]],
]);

/**
 * Workflows of ten steps that do nothing: a crowd that is queued before the worker is started, then some one after the
 * other, which shows what a step costs when it has nothing to wait for but its needs.
 */
export async function workflows(
  { crowd, alone }: Extract<Step, { kind: "workflows" }>,
  { open, mark }: StepTools,
): Promise<Figures> {
  const session = await open();
  if (session.workflows === undefined) throw new Error("Cannot run workflows: this peer has none");
  const calls = new Uint8Array((crowd + alone) * TEN_STEPS.size);
  let started = 0;
  let twice = 0;
  const haveStarted = (runs: number, limitMs: number): Promise<boolean> =>
    waitUntil(() => started >= runs * TEN_STEPS.size, { limitMs, everyMs: 1 });
  const haveEnded = (): Promise<boolean> =>
    waitUntil(async () => (await session.remaining()) === 0, { limitMs: DRAIN_WITHIN_MS, everyMs: 2 });

  await session.workflows.define(TEN_STEPS);
  await session.workflows.start({ first: 0, count: crowd });
  await mark("start");
  const startMs = performance.now();
  await session.startWorker((i) => {
    if (calls[i] === 0) started += 1;
    else twice += 1;
    calls[i] = 1;
  });
  await haveStarted(crowd, RUN_WITHIN_MS);
  await haveEnded();
  const stepsPerS = started / ((performance.now() - startMs) / 1_000);
  await mark("end");

  for (let first = crowd; first < crowd + alone; first += 1) {
    await session.workflows.start({ first, count: 1 });
    if (!(await haveStarted(first + 1, ALONE_WITHIN_MS))) break;
    await haveEnded();
  }
  const stored = await session.workflows.stored();
  await session.stop();
  return {
    workflows: crowd,
    stepsPerS,
    ...crowdFigures(
      stored.filter(({ i }) => i < crowd),
      TEN_STEPS,
    ),
    ...aloneFigures(
      stored.filter(({ i }) => i >= crowd),
      TEN_STEPS,
    ),
    notRun: calls.length - started,
    twice,
    ...endsOf(stored, { workflow: TEN_STEPS, runs: crowd + alone }),
  };
}
