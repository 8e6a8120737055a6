import { createHash } from "node:crypto";
import { join } from "node:path";
import type { LogStream } from "../../core/ports/run-logs.ts";
import { plainName } from "../shared/plain-name.ts";

/**
 * Where the log of an attempt lies: `<folder>/<2 hex digits>/<run id>.<attempt>.log`. The digits come from a hash of the
 * run id and spread the files over 256 folders. Run ids come from outside: whatever could mean something to a file system is
 * encoded, and ids that are too long for a file name are cut and told apart by their hash.
 */
export function logPath(folder: string, { runId, attempt }: LogStream): string {
  const hash = createHash("sha256").update(runId).digest("hex");
  return join(folder, hash.slice(0, 2), `${plainName(runId, MAX_NAME)}.${attempt}${LOG_SUFFIX}`);
}

export const LOG_SUFFIX = ".log";

/** File names have at most 255 bytes; the attempt and the suffix come behind. */
const MAX_NAME = 230;
