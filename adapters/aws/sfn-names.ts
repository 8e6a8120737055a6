import { createHash } from "node:crypto";
import { formatRunId, type RunKey } from "../../core/run/run-id.ts";

const MAX_NAME_LENGTH = 80;
const HASH_LENGTH = 12;

/**
 * Name of a workflow's state machine, which may have 80 characters: as much of the workflow's as there is room for, and a
 * hash that tells it from others. With `.` in it, its logs could not be switched on.
 *
 * @param prefix - of the installation, such as `carillon-`
 */
export function machineName(prefix: string, { namespace, job }: Pick<RunKey, "namespace" | "job">): string {
  return prefix + hashed(`${namespace}-${job}`, { of: `${namespace}.${job}`, room: MAX_NAME_LENGTH - prefix.length });
}

/** Name of the execution of a run, which may have 80 characters too: when it is, and a hash of its id. */
export function executionName(run: RunKey): string {
  return hashed(run.stamp, { of: formatRunId(run), room: MAX_NAME_LENGTH });
}

function hashed(text: string, { of, room }: { readonly of: string; readonly room: number }): string {
  const readable = text.replaceAll(".", "-").slice(0, room - HASH_LENGTH - 1);
  return `${readable}-${createHash("sha256").update(of).digest("hex").slice(0, HASH_LENGTH)}`;
}
