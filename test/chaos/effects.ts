import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { uptimeMs } from "./uptime.ts";

/**
 * The effects ledger: a file that every attempt of the workload appends to, past Carillon, when it begins and when it has
 * done its work. A short line that is appended is never torn, so the order of the lines is the order of what happened.
 */
export interface Effect {
  /** `done` is written only by attempts that succeed. */
  readonly phase: "begin" | "done";
  readonly runId: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly atUptimeMs: number;
}

export function readEffects(path: string): readonly Effect[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map(parseEffect);
}

/** What `SCRIPT_BEGIN` and `SCRIPT_DONE` write, written by a handler. */
export function writeEffect(path: string, effect: Omit<Effect, "atUptimeMs">): void {
  const { phase, runId, attempt, epoch } = effect;
  appendFileSync(path, `${phase} ${runId} ${attempt} ${epoch} ${(uptimeMs() / 1_000).toFixed(2)}\n`);
}

/** Lines of a shell script that write an effect; `EFFECTS` is the path of the ledger. */
export const SCRIPT_BEGIN = scriptLine("begin");
export const SCRIPT_DONE = scriptLine("done");

function scriptLine(phase: Effect["phase"]): string {
  const line = `${phase} $CARILLON_RUN_ID $CARILLON_ATTEMPT $CARILLON_EPOCH $up`;
  return `read up idle < /proc/uptime; echo "${line}" >> "$EFFECTS"`;
}

function parseEffect(line: string): Effect {
  const [phase, runId = "", attempt, epoch, seconds] = line.split(" ");
  const isWhole = (phase === "begin" || phase === "done") && seconds !== undefined && /^\d+\.\d\d$/.test(seconds);
  if (!isWhole) throw new Error(`Cannot read the effects ledger: ${JSON.stringify(line)} is not a line of it`);
  return {
    phase,
    runId,
    attempt: Number(attempt),
    epoch: Number(epoch),
    atUptimeMs: Math.round(Number(seconds) * 1_000),
  };
}
