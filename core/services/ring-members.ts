import type { Member } from "../limit/limit.ts";
import { isEnded } from "../run/run.ts";
import type { Core } from "./core.ts";
import { runDoorbell, sendDoorbells } from "./send.ts";

/** Rings for runs that have come in from the line. Should this be lost, their watches ring later. */
export async function ringMembers(core: Core, members: readonly Member[]): Promise<void> {
  if (members.length === 0) return;
  const stored = await core.runs.findMany(members.slice(0, MAX_RUNG));
  await sendDoorbells(
    core,
    stored.filter(({ run }) => !isEnded(run)).map(({ run }) => runDoorbell(run, run.dueAtMs)),
  );
}

const MAX_RUNG = 100;
