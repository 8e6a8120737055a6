import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { statSync } from "node:fs";
import type { Harm, HarmContext } from "./harm.ts";

const HOLD = fileURLToPath(new URL("../hold-database.ts", import.meta.url));
/** Up to here a clock is stepped. */
const HOUR_MS = 3_600_000;

/** The disk is full: the database can't grow. */
export const fillDisk: Harm = async ({ control, journal, counts, longestMs, signal }, random) => {
  if (control.orders.maxPages !== 0) return false;
  const ms = random.between(1_000, Math.min(longestMs, 8_000));
  counts.add("outages.disk full");
  journal.note(`Disk full for ${ms} ms`);
  // Below its size the limit is the size.
  control.set({ maxPages: 1 });
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  control.set({ maxPages: 0 });
  journal.note("Disk no longer full");
  return true;
};

/** Another program holds the write lock. */
export const holdLock: Harm = async (context, random) => {
  const ms = random.between(1_000, Math.min(context.longestMs, 10_000));
  if (!(await hold(context, "write", ms))) return false;
  context.counts.add("outages.database busy");
  return true;
};

/** Another program reads for long, and the log can't be emptied behind it. */
export const readLong: Harm = async (context, random) => {
  const ms = random.between(2_000, 2 * context.longestMs);
  if (!(await hold(context, "read", ms))) return false;
  context.counts.add("outages.long reader");
  const logBytes = statSync(`${context.host.databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  context.journal.note(`The log has ${logBytes} bytes`);
  return true;
};

/** @returns whether it had it: others that hold the database for long may come before it */
async function hold({ host, journal, signal }: HarmContext, what: "read" | "write", ms: number): Promise<boolean> {
  journal.note(`Another program has to ${what} for ${ms} ms`);
  const args = [HOLD, host.databasePath, what, String(ms)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let hasHeld = false;
  child.stdout.once("data", () => (hasHeld = true));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  await ended;
  signal.removeEventListener("abort", stop);
  journal.note(hasHeld ? `It has done with it (${what})` : `It could not ${what}`);
  return hasHeld;
}

/**
 * Steps the wall clock of the whole host: forwards by a second to an hour, for good; backwards by seconds, for good; or
 * backwards by an hour, for a while.
 */
export const stepClock: Harm = async ({ control, journal, counts, longestMs, signal }, random) => {
  const step = (byMs: number) => {
    control.stepClock(byMs);
    journal.note(`Clock stepped by ${byMs} ms`);
  };
  const kind = random.pick(["forwards", "backwards", "far back"] as const);
  counts.add(`clock steps.${kind}`);
  if (kind === "forwards") step(Math.round(1_000 * (HOUR_MS / 1_000) ** random.next()));
  else if (kind === "backwards") step(-random.between(500, 8_000));
  else {
    step(-HOUR_MS);
    await setTimeout(random.between(1_000, Math.min(longestMs, 6_000)), undefined, { signal }).catch(() => undefined);
    step(HOUR_MS);
  }
  return true;
};
