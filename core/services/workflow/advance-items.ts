import { formatRunId, type RunKey, stepOf } from "../../run/run-id.ts";
import { type CarriedRun, isCarried, isEnded, isPaused, type ItemsProgress, type Run } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import { hasBit, withBit } from "../../workflow/bits.ts";
import { tallyOf, withStarted } from "../../workflow/items-progress.ts";
import { advanceMap, type MapDecision } from "../../workflow/map-outcome.ts";
import { getStep, type MapAction, runsWhileStopping } from "../../workflow/plan.ts";
import type { Core } from "../core.ts";
import { newItem } from "./new-step.ts";
import { advanceContext, type OpenWorkflow, readWorkflow } from "./read-workflow.ts";
import { type NewStep, recordSteps } from "./record-steps.ts";
import { endedCarried, settledStep, stepKey, workflowOf } from "./step-run.ts";

/** Each round but the last has seen another item end. */
const MAX_ROUNDS = 10_000;

/**
 * Takes a step that runs for each item of a list as far as it can go by now: counts items that have ended, starts others in
 * their place, and ends the step. May be called at any time, by several at once, and be killed at any point.
 *
 * @param ended - an item that has ended; left out, all are looked at: those that have ended and were not counted, and
 * those that were to be started and have no record
 * @returns the step, when it has ended: what follows from that is for the caller to do, also when another has ended it, who
 * may have died since
 */
export async function advanceItems(core: Core, step: RunKey, ended?: Run): Promise<StoredRun | undefined> {
  const part = stepOf(step.stamp);
  if (part === undefined) return undefined;
  const workflow = await readWorkflow(core, workflowOf(step, part));
  if (workflow === undefined) {
    const whole = await core.runs.find(step);
    return whole !== undefined && isEnded(whole.run) ? whole : undefined;
  }
  let news: readonly Run[] = ended === undefined ? await endedItems(core, workflow, part.step) : [ended];
  let isWhole = ended === undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(step);
    if (stored !== undefined && isEnded(stored.run)) return stored;
    if (stored === undefined || !isCarried(stored.run) || stored.run.items === undefined) return undefined;
    const { run, rev } = stored;
    const before = stored.run.items;
    // Whoever counted it may have died before others were started in its place.
    const isRepeated = news.length > 0 && news.every((item) => isCounted(before, item));
    const counted = news.reduce(count, before);
    const isStopped = run.cancel !== undefined || isStopping(workflow, part.step);
    const decision = decide(workflow, run, { items: counted, isStopped });
    const items = withStarted(counted, decision.start);
    if (decision.end !== undefined) {
      const status = isStopped ? "cancelled" : decision.end;
      const whole = endedCarried({ ...run, items }, { ...endingOf(status, items), endedAtMs: core.clock.nowMs() });
      const written = await core.runs.put(whole, rev);
      if (written.ok) return { run: whole, rev: written.rev };
      continue;
    }
    if (items.started !== before.started || items.ended !== before.ended) {
      if (!(await core.runs.put({ ...run, items }, rev)).ok) continue;
    }
    news = await startItems(core, workflow, {
      step: part.step,
      items,
      from: isWhole || isRepeated ? 0 : before.started,
      isStopped,
    });
    isWhole = false;
    if (news.length === 0) return undefined;
  }
  throw new Error(`Cannot advance step "${formatRunId(step)}": it changed ${MAX_ROUNDS} times meanwhile`);
}

function isCounted({ ended }: ItemsProgress, { stamp }: Run): boolean {
  const index = stepOf(stamp)?.item;
  return index !== undefined && hasBit(ended, index);
}

function count(items: ItemsProgress, run: Run): ItemsProgress {
  const index = stepOf(run.stamp)?.item;
  if (index === undefined || hasBit(items.ended, index)) return items;
  const outcome = run.status === "succeeded" ? "succeeded" : "failed";
  return { ...items, ended: withBit(items.ended, index), [outcome]: items[outcome] + 1 };
}

function isStopping({ run, plan }: OpenWorkflow, step: string): boolean {
  return run.cancel !== undefined && !runsWhileStopping(getStep(plan, step));
}

function decide(
  { run: workflow, plan }: OpenWorkflow,
  run: CarriedRun,
  { items, isStopped }: { readonly items: ItemsProgress; readonly isStopped: boolean },
): MapDecision {
  const map = mapOf(plan, run);
  if (map === undefined) return { start: 0 };
  const tally = tallyOf(items);
  const decision = advanceMap(map, tally);
  if (isStopped) return { start: 0, ...(tally.open === 0 && { end: decision.end ?? "failed" }) };
  return isPaused(workflow) ? { ...decision, start: 0 } : decision;
}

function mapOf(plan: OpenWorkflow["plan"], { stamp }: RunKey): MapAction | undefined {
  const action = plan.steps.get(stepOf(stamp)?.step ?? "")?.action;
  return action?.kind === "executor" || action?.kind === "workflow" ? action.map : undefined;
}

function endingOf(status: "succeeded" | "failed" | "cancelled", { failed, total }: ItemsProgress) {
  if (status === "succeeded") return { status } as const;
  const message = `${failed} of ${total} items have not succeeded`;
  return { status, error: { name: status === "failed" ? "ITEMS_FAILED" : "CANCELLED", message } } as const;
}

async function endedItems(core: Core, { run }: OpenWorkflow, step: string): Promise<readonly Run[]> {
  const ended: Run[] = [];
  for await (const item of core.runs.items(run, step)) if (isEnded(item.run)) ended.push(item.run);
  return ended;
}

/**
 * Gives items their runs: those from `from` on that are to be started and have not ended. Once the step is stopped, what
 * somebody was killed before starting is left out instead.
 *
 * @returns those that have ended already
 */
async function startItems(
  core: Core,
  workflow: OpenWorkflow,
  {
    step,
    items,
    from,
    isStopped,
  }: {
    readonly step: string;
    readonly items: ItemsProgress;
    readonly from: number;
    readonly isStopped: boolean;
  },
): Promise<readonly Run[]> {
  const indices = Array.from({ length: Math.max(0, items.started - from) }, (_, offset) => from + offset).filter(
    (index) => !hasBit(items.ended, index),
  );
  if (indices.length === 0) return [];
  const list = await core.runs.itemList(workflow.run, step);
  const known = await core.runs.findMany(indices.map((index) => stepKey(workflow.run, step, index)));
  const stamps = new Set(known.map(({ run }) => run.stamp));
  const missing = indices.filter((index) => !stamps.has(stepKey(workflow.run, step, index).stamp));
  const context = advanceContext(workflow);
  const fresh = await Promise.all(
    missing.map((index) =>
      isStopped
        ? Promise.resolve(stoppedItem(core, workflow, { step, index }))
        : newItem(core, workflow, { name: step, context, item: { value: list[index] ?? null, index } }),
    ),
  );
  await recordSteps(core, fresh);
  return [...fresh, ...known].map(({ run }) => run).filter(isEnded);
}

function stoppedItem(core: Core, { run }: OpenWorkflow, { step, index }: { step: string; index: number }): NewStep {
  const settled = settledStep(run, { step, as: "skipped", reason: "stopped" }, core.clock.nowMs());
  return { run: { ...settled, ...stepKey(run, step, index) } };
}
