import type { LogStream } from "../../core/ports/run-logs.ts";
import { plainName } from "../shared/plain-name.ts";

/**
 * The log stream of an attempt: `default.report@20260308T073000.000Z/attempt-1`. In the console the streams of a job stand
 * together in the order of their runs, and `default.report@20260308` finds those of one day. The service refuses `:` and
 * `*`, which are encoded like whatever else could mean something.
 */
export function logStreamName({ runId, attempt }: LogStream): string {
  return `${plainName(runId, MAX_RUN_ID)}/attempt-${attempt}`;
}

/** Names of log streams have at most 512 characters; the attempt comes behind. */
const MAX_RUN_ID = 480;
