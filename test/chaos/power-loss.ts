import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Run } from "../../api/contract/run.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { CopyContents, CopyFinding } from "./check/history.ts";
import { copyAtRest, cutLog, endOfFrame, readLogState } from "./data-copy.ts";
import type { Operation } from "./operations.ts";
import { uptimeMs } from "./uptime.ts";

export interface PowerLossContext {
  readonly dataFolder: string;
  readonly databasePath: string;
  /** For the copies; removed when they have been read. */
  readonly folder: string;
  /** What is known to have happened, now. */
  readonly acknowledged: () => Acknowledged;
}

interface Acknowledged {
  readonly operations: readonly Operation[];
  readonly finals: readonly Run[];
}

const VERIFY = fileURLToPath(new URL("verify-copy.ts", import.meta.url));
const NOTHING: Acknowledged = { operations: [], finals: [] };

/**
 * What a loss of power leaves, taken from a platform that goes on afterwards.
 *
 * A loss of power keeps of each file what was flushed, and any part of what was written since. With a write-ahead log:
 *
 * - A commit that waits for the disk (`synchronous=FULL`) is flushed before anybody sees it, so also before anybody is told:
 *   the log up to its last frame is on the disk. Commits of lazy writes alone are not flushed, and may be lost. The log is
 *   one file in order, and a flush covers all of it; so what survives is the log up to some point at or behind its last
 *   flush, and there may be a torn rest behind that point.
 * - A checkpoint flushes the log before it writes pages into the database. So whatever is lost, the log is there up to the
 *   last frame that a checkpoint has begun to move; without it the database would hold newer pages than the log explains.
 *
 * The files are copied while all that write are stopped (SIGSTOP): both are then of one instant. Copied while in use, they
 * could be of two, with a checkpoint in between: a pair that no loss of power leaves.
 *
 * - `whole`: nothing is lost. It must hold all that was acknowledged.
 * - `torn`: the log ends somewhere behind a note that was taken earlier of what was acknowledged by then, and there is noise
 *   or nothing instead of the rest. Where the last flush was can't be seen from outside, but it was not before that note: it
 *   must hold what the note says.
 * - `cut`: the log ends somewhere behind the last checkpoint. It owes nothing, and must be sound all the same.
 *
 * @returns what was found; only the whole copy when the log is empty
 */
export async function losePower(
  context: PowerLossContext,
  name: string,
  random: SeededRandom,
): Promise<readonly CopyFinding[]> {
  // In this order: the log has at least the frames of what was acknowledged before its state was read.
  const noted = snapshot(context.acknowledged());
  const notedLog = readLogState(context.databasePath);
  await setTimeout(random.between(10, 400));
  const folder = join(context.folder, name);
  const { log, owed } = copyAtRest(context, join(folder, "whole"), () => snapshot(context.acknowledged()));
  const atUptimeMs = uptimeMs();
  const variants: { kind: string; owed: Acknowledged }[] = [{ kind: "whole", owed }];
  if (log.frames > log.moved) {
    const isSameLog = notedLog.salt === log.salt && notedLog.frames <= log.frames;
    const leastFrame = isSameLog ? Math.max(log.moved, notedLog.frames) : log.moved;
    const between = (frame: number) => random.between(endOfFrame(log, frame), endOfFrame(log, log.frames));
    cutLog(folder, { from: "whole", to: "torn", atByte: between(leastFrame), random });
    cutLog(folder, { from: "whole", to: "cut", atByte: between(log.moved), random });
    variants.push({ kind: "torn", owed: isSameLog ? noted : NOTHING }, { kind: "cut", owed: NOTHING });
  }
  const verified = await verify(variants.map(({ kind }) => join(folder, kind)));
  rmSync(folder, { recursive: true, force: true });
  return variants.map(({ kind, owed: { operations, finals } }, index) => {
    const { integrity, contents } = verified[index] ?? { integrity: "it could not be read", contents: EMPTY };
    return { name: `copy ${name} (${kind})`, atUptimeMs, owed: operations, owedFinals: finals, integrity, contents };
  });
}

export type Verified = Pick<CopyFinding, "integrity" | "contents">;

export const EMPTY: CopyContents = { triggered: {}, runs: {}, cancelling: [], versions: [] };

function snapshot({ operations, finals }: Acknowledged): Acknowledged {
  return { operations: operations.filter(({ outcome }) => outcome === "acknowledged"), finals: [...finals] };
}

/** In a process of its own: reading takes long, and this one has to answer and to ask. */
async function verify(folders: readonly string[]): Promise<readonly Verified[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [VERIFY, ...folders], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as readonly Verified[];
}
