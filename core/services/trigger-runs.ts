import { CarillonError } from "../errors.ts";
import type { CompiledJob } from "../job/compile.ts";
import type { Priority } from "../job/priority.ts";
import type { JsonObject } from "../json.ts";
import { MAX_INSTANT_MS } from "../schedule/last-instant.ts";
import type { Run } from "../run/run.ts";
import { keys } from "../store/keys.ts";
import type { Core } from "./core.ts";
import { expectJob } from "./pause-job.ts";
import { checkAllParameters, expectActive, submitRuns } from "./submit-runs.ts";

export interface TriggerRequest {
  readonly parameters?: JsonObject;
  /** Not before this instant; default: now. */
  readonly atMs?: number;
  readonly priority?: Priority;
}

export interface TriggerOptions {
  readonly by?: string;
  /** The same key with the same requests gives the same runs, however often it is sent. */
  readonly idempotencyKey?: string;
}

export const MAX_TRIGGERED = 1_000;

/** The stored answer to a request with an idempotency key: enough to name its runs again. */
interface IdempotencyRecord {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly seed: string;
}

interface Identity {
  readonly atMs: number;
  readonly seed: string;
  readonly isRepeat?: boolean;
}

/**
 * Runs a job now or at an instant, once for each request (1 to `MAX_TRIGGERED`).
 *
 * With an idempotency key the names of the runs are put down first; whoever sends the same request again, after a crash
 * or at the same time, comes to the same names, and a run that is recorded already stays as it is.
 */
export async function triggerRuns(
  core: Core,
  namespace: string,
  name: string,
  { requests, by, idempotencyKey }: TriggerOptions & { readonly requests: readonly TriggerRequest[] },
): Promise<readonly Run[]> {
  const nowMs = Math.floor(core.clock.nowMs());
  for (const [index, { atMs }] of requests.entries()) {
    if (atMs !== undefined && !(atMs >= 0 && atMs <= MAX_INSTANT_MS)) {
      throw new CarillonError(
        "datetime-out-of-range",
        "Cannot run at this instant: it must lie between 1970 and 2100",
        { pointer: `/${index}/at` },
      );
    }
  }
  const job = expectJob((await core.jobs.find(namespace, name))?.compiled, name);
  if (idempotencyKey === undefined) expectActive(job);
  checkAllParameters(job, requests);
  const identity: Identity =
    idempotencyKey === undefined
      ? { atMs: nowMs, seed: core.ids.short() }
      : await settleIdentity(core, job, {
          key: `${name}#${idempotencyKey}`,
          fingerprint: JSON.stringify(requests),
          atMs: nowMs,
        });
  const runs = await submitRuns(
    core,
    job,
    requests.map(({ parameters, atMs, priority }, index) => ({
      slotAtMs: atMs ?? identity.atMs,
      suffix: requests.length === 1 ? identity.seed : `${identity.seed}-${index}`,
      dueAtMs: atMs ?? identity.atMs,
      cause: "manual",
      ...(parameters === undefined ? {} : { parameters }),
      ...(priority === undefined ? {} : { priority }),
      ...(by === undefined ? {} : { origin: { by } }),
    })),
  );
  return identity.isRepeat
    ? (await Promise.all(runs.map((run) => core.runs.find(run)))).flatMap((stored) =>
        stored === undefined ? [] : [stored.run],
      )
    : runs;
}

/** Puts the names of the runs down, or finds those of the first request. A refused request leaves nothing behind. */
async function settleIdentity(
  core: Core,
  job: CompiledJob,
  { key, fingerprint, atMs }: { key: string; fingerprint: string; atMs: number },
): Promise<Identity> {
  const itemKey = keys.idempotency(job.version.namespace, key);
  const stored = await core.table.get(itemKey);
  if (stored !== undefined) return repeatedIdentity(stored.body as IdempotencyRecord, fingerprint);
  expectActive(job);
  const record: IdempotencyRecord = { fingerprint, atMs, seed: core.ids.short() };
  const written = await core.table.put(itemKey, record, "absent");
  if (written.ok || written.current === undefined) return record;
  return repeatedIdentity(written.current.body as IdempotencyRecord, fingerprint);
}

function repeatedIdentity(first: IdempotencyRecord, fingerprint: string): Identity {
  if (first.fingerprint !== fingerprint) {
    throw new CarillonError(
      "idempotency-mismatch",
      `Cannot use this idempotency key: it was used for another request at ${new Date(first.atMs).toISOString()}`,
    );
  }
  return { ...first, isRepeat: true };
}
