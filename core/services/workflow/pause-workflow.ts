import { type RunKey, stepOf } from "../../run/run-id.ts";
import { type CarriedRun, isCarried } from "../../run/run.ts";
import type { StoredRun } from "../../store/run-store.ts";
import { orPutOff } from "../after-commit.ts";
import type { Core } from "../core.ts";
import { runDoorbell, sendDoorbells } from "../send.ts";
import { type Carried, carry } from "./carry.ts";
import { changedTooOften, expectCarried, expectWorkflow } from "./expect-workflow.ts";

const MAX_ROUNDS = 20;

/**
 * Pauses a workflow's run: no step begins any more, what has begun goes on. Idempotent.
 *
 * @throws {CarillonError} `run-not-found`, `not-a-workflow`, `run-already-final`, `run-not-running`
 */
export async function pauseWorkflow(
  core: Core,
  key: RunKey,
  { by, note }: { readonly by: string; readonly note?: string },
): Promise<CarriedRun> {
  const hold = { atMs: core.clock.nowMs(), by, ...(note === undefined ? {} : { note }) };
  const { run } = await change(core, key, {
    action: "pause",
    change: (open) => ({ ...open, hold: open.hold ?? hold }),
  });
  return run;
}

/**
 * Lets the steps of a paused workflow begin again. Idempotent.
 *
 * @throws {CarillonError} as `pauseWorkflow`
 */
export async function resumeWorkflow(core: Core, key: RunKey): Promise<CarriedRun> {
  const resumed = await change(core, key, {
    action: "resume",
    change: (open) => {
      const { hold: _, ...rest } = open;
      return rest;
    },
  });
  // The watches of the run and its steps do it again.
  await orPutOff(core, () => goOn(core, resumed));
  return resumed.run;
}

/** Begins what was held. The time that it may wait for a worker counts from now. */
async function goOn(core: Core, resumed: Carried): Promise<void> {
  await carry(core, resumed);
  const held: StoredRun[] = [];
  for (const stored of (await core.runs.steps(resumed.run)).values()) {
    const { run, rev } = stored;
    held.push(stored);
    if (!isCarried(run) || run.items === undefined) continue;
    await carry(core, { run, rev });
    const step = stepOf(run.stamp)?.step ?? "";
    for await (const item of core.runs.items(resumed.run, step)) held.push(item);
  }
  const nowMs = core.clock.nowMs();
  const queued = held.flatMap(({ run, rev }) =>
    run.status === "queued" && run.attempt === 0 ? [{ run: { ...run, dueAtMs: nowMs }, rev }] : [],
  );
  // One that another has begun meanwhile stays as it is.
  await Promise.all(queued.map(({ run, rev }) => core.runs.put(run, rev)));
  await sendDoorbells(
    core,
    queued.map(({ run }) => runDoorbell(run, nowMs)),
  );
}

async function change(
  core: Core,
  key: RunKey,
  { action, change: changed }: { readonly action: string; readonly change: (run: CarriedRun) => CarriedRun },
): Promise<Carried> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { stored } = await expectWorkflow(core, key, action);
    const { run, rev } = expectCarried(stored, action);
    const next = changed(run);
    if ((next.hold === undefined) === (run.hold === undefined)) return { run, rev };
    const written = await core.runs.put(next, rev);
    if (written.ok) return { run: next, rev: written.rev };
  }
  throw changedTooOften(key, action, MAX_ROUNDS);
}
