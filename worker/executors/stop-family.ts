import { setTimeout as delay } from "node:timers/promises";
import type { FamilyMember, ProcessFamily } from "./process-family.ts";
import { HAS_PROCESS_TABLE } from "./process-table.ts";

/** What came of an attempt to end a family of processes. */
export interface FamilyStop {
  /** Nobody of the family is left, and this was checked. */
  readonly confirmed: boolean;
  /** For people: signals sent, processes found, what the last look showed. */
  readonly evidence: string;
}

/** How long SIGKILL may take to show: a process in an uninterruptible system call does not end before that returns. */
const KILL_BOUND_MS = 5_000;
const LEAST_PAUSE_MS = 5;
const MOST_PAUSE_MS = 100;
/** A process that is just replacing its program shows no environment for a moment: one empty look is not enough. */
const EMPTY_LOOKS = 2;
const MAX_MEMBERS_NAMED = 20;

/**
 * Asks a family to end with SIGTERM, and after `graceMs` kills what is left of it. `graceMs` 0 kills at once.
 *
 * @param options.rootEnded - settles when the root process has ended: before that nobody needs to look
 */
export async function stopFamily(
  family: ProcessFamily,
  { graceMs, rootEnded }: { readonly graceMs: number; readonly rootEnded: Promise<unknown> },
): Promise<FamilyStop> {
  if (graceMs <= 0) return killFamily(family);
  const untilMs = performance.now() + graceMs;
  const asked = `SIGTERM to ${named(family.signal("SIGTERM"))}`;
  await within(graceMs, rootEnded);
  if (await endsBy(family, untilMs)) return { confirmed: true, evidence: `${asked}; ${lastLook(0)}` };
  const { confirmed, evidence } = await killFamily(family);
  return { confirmed, evidence: `${asked}; after ${graceMs} ms ${evidence}` };
}

/** Sends SIGKILL to all of a family, again and again until nobody is found any more or `KILL_BOUND_MS` have passed. */
export async function killFamily(family: ProcessFamily): Promise<FamilyStop> {
  const killed = new Map<string, FamilyMember>();
  const untilMs = performance.now() + KILL_BOUND_MS;
  let left = 0;
  for (let emptyLooks = 0, pauseMs = LEAST_PAUSE_MS; emptyLooks < EMPTY_LOOKS;) {
    const members = family.signal("SIGKILL");
    for (const member of members) killed.set(`${member.pid}@${member.startTicks}`, member);
    left = members.length;
    emptyLooks = left === 0 ? emptyLooks + 1 : 0;
    if (performance.now() > untilMs) break;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS);
  }
  return { confirmed: left === 0, evidence: `SIGKILL to ${named([...killed.values()])}; ${lastLook(left)}` };
}

/** Waits until nobody of a family is left. @returns whether that came about before `untilMs` (of `performance.now()`) */
export async function endsBy(family: ProcessFamily, untilMs: number): Promise<boolean> {
  for (let emptyLooks = 0, pauseMs = LEAST_PAUSE_MS; ;) {
    emptyLooks = family.living().length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === EMPTY_LOOKS) return true;
    if (performance.now() >= untilMs) return false;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, MOST_PAUSE_MS);
  }
}

/** Waits for `event`, at most `ms`. @returns whether it came */
export async function within(ms: number, event: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const timeout = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const came = await Promise.race([event.then(() => true), timeout]);
  timer.abort();
  return came;
}

function lastLook(left: number): string {
  const seen = left === 0 ? "no process left" : `${left} processes still there`;
  if (HAS_PROCESS_TABLE) return `${seen} in the process table`;
  return `${seen} in the process group; processes outside it cannot be seen on ${process.platform}`;
}

function named(members: readonly FamilyMember[]): string {
  if (members.length === 0) return "nobody";
  const shown = members.slice(0, MAX_MEMBERS_NAMED).map(nameOf).join(", ");
  return members.length > MAX_MEMBERS_NAMED ? `${shown} and ${members.length - MAX_MEMBERS_NAMED} more` : shown;
}

function nameOf({ pid, name, inGroup, isMissed }: FamilyMember): string {
  return `${pid} (${name}${inGroup ? "" : ", outside the group"}${isMissed ? ", could not be signalled" : ""})`;
}
