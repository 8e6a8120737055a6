import type { CheckContext } from "./context.ts";
import type { End } from "./final-checks.ts";
import type { SlotModel } from "./slot-model.ts";

interface BackfillRow {
  readonly id: string;
  readonly namespace: string;
  readonly job: string;
  readonly version: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly state: string;
}

/** A backfill that is done has gone through every slot of its stretch; one that was acknowledged is there. */
export function checkBackfills(
  { simulation, jobs, client, tell }: CheckContext,
  { runs }: End,
  slots: SlotModel,
): void {
  const ids = new Set<string>();
  for (const { body } of simulation.items.dump("backfill#")) {
    const { id, namespace, job, version, fromMs, toMs, state } = body as BackfillRow;
    ids.add(id);
    const known = jobs.version(`${namespace}/${job}`, version);
    if (known === undefined) tell("I7", `backfill ${id} is of version ${version} of ${job}, which was never committed`);
    if (known === undefined || state !== "done") continue;
    simulation.faults.count("backfill done");
    const ran = new Set(
      [...runs.values()]
        .filter((run) => run.namespace === namespace && run.job === job && run.cause !== "manual")
        .map(({ slotAtMs }) => slotAtMs),
    );
    const left = slots.over(known, fromMs, toMs).find(({ atMs, isExcluded }) => !isExcluded && !ran.has(atMs));
    if (left !== undefined)
      tell("I1", `backfill ${id} of ${job} is done, and ${new Date(left.atMs).toISOString()} has no run`);
  }
  for (const { method, path, answer } of client()?.history ?? []) {
    if (method !== "POST" || !path.endsWith("/backfills") || answer?.status !== 201) continue;
    const { id } = answer.body as { id: string };
    if (!ids.has(id)) tell("I19", `backfill ${id} was acknowledged and is nowhere`);
  }
}
