import type { CompiledJob } from "../job/compile.ts";
import { isSame, type Member, usedWeight } from "../limit/limit.ts";
import { type RunLimit, runLimits } from "../limit/run-limits.ts";
import { formatRunId, type RunKey } from "../run/run-id.ts";
import { isEnded, type Run } from "../run/run.ts";
import type { Constraint } from "./constraint.ts";
import type { Core } from "./core.ts";
import { runsAbove } from "./workflow/lineage.ts";

/** Of those at a limit, so many are looked at. */
const MAX_READ = 100;
const MAX_TOLD = 10;

/** The limits that let a run wait, in the order in which it takes them. */
export async function limitConstraints(core: Core, run: Run, job: CompiledJob): Promise<readonly Constraint[]> {
  const constraints: Constraint[] = [];
  for (const limit of runLimits(run, job)) {
    const constraint = await limitConstraint(core, run, limit);
    if (constraint !== undefined) constraints.push(constraint);
  }
  return constraints;
}

async function limitConstraint(core: Core, run: Run, limit: RunLimit): Promise<Constraint | undefined> {
  const { key, capacity, weight } = limit;
  const { holders, waiters } = await core.limits.find(key);
  const place = waiters.findIndex((waiter) => isSame(waiter, run));
  const held = await openOf(core, holders, run);
  const ahead = await openOf(core, place < 0 ? waiters : waiters.slice(0, place), run);
  const used = usedWeight({ holders: held });
  const isFull = held.length > 0 && used + weight > capacity;
  if (!isFull && ahead.length === 0) return undefined;
  const names = held.slice(0, MAX_TOLD).map(formatRunId);
  const heldBy = `${used} of ${capacity} held by ${names.join(", ")}`;
  const above = await heldAbove(core, run, { held, limit });
  const words = isFull
    ? `is full: ${heldBy}${place < 0 ? "" : `, ${ahead.length} waiting before it`}`
    : `has a line, in which ${aheadText(ahead)}${held.length === 0 ? "" : `; ${heldBy}`}`;
  return {
    code: "limitFull",
    detail: `Concurrency key "${key}" ${words}${above.detail}`,
    evidence: {
      key,
      capacity,
      weight,
      holders: names,
      waiters: waiters.length,
      ...(place < 0 ? {} : { place }),
      ...above.evidence,
    },
  };
}

/** Those that are still in their right, without the run itself. */
async function openOf(core: Core, members: readonly Member[], run: RunKey): Promise<readonly Member[]> {
  const others = members.filter((member) => !isSame(member, run));
  const open = (await core.runs.findMany(others.slice(0, MAX_READ))).filter((stored) => !isEnded(stored.run));
  return others.filter((member) => open.some((stored) => isSame(member, stored.run)));
}

function aheadText(ahead: readonly Member[]): string {
  const [first] = ahead;
  const who = first === undefined ? "" : `, the first ${formatRunId(first)} for ${first.weight}`;
  return `${ahead.length} ${ahead.length === 1 ? "waits" : "wait"} before it${who}`;
}

/** What is held by the workflows that the run is part of: they keep it until the run has ended. */
async function heldAbove(
  core: Core,
  run: Run,
  { held, limit: { capacity, weight } }: { readonly held: readonly Member[]; readonly limit: RunLimit },
): Promise<{ readonly detail: string; readonly evidence: Constraint["evidence"] }> {
  const above = await runsAbove(core, run);
  const own = held.filter((holder) => above.some((workflow) => isSame(holder, workflow)));
  if (own.length === 0) return { detail: "", evidence: {} };
  const ids = own.map(formatRunId);
  const kept = usedWeight({ holders: own });
  const keeps = `${ids.join(" and ")} ${ids.length === 1 ? "keeps" : "keep"} ${kept} of it until this run has ended`;
  const isForEver = kept + weight > capacity;
  const rest = isForEver ? `, which needs ${weight}: they wait for each other for ever` : "";
  return { detail: `; ${keeps}${rest}`, evidence: { heldByItsWorkflow: ids, ...(isForEver && { isForEver }) } };
}
