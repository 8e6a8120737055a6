import type { Core } from "../../core/services/core.ts";
import type { AuditEntry } from "../../core/store/audit-store.ts";
import { keys } from "../../core/store/keys.ts";
import { hashOf } from "../access/secret.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import { toProblem } from "./to-problem.ts";

/** What a request came to, kept so that it can be told again. */
export interface KeptAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the audit trail says of it; nothing when nothing was changed. */
  readonly audit?: AuditEntry;
}

/** The request that came first with a key. */
export interface FirstRequest {
  readonly requestId: string;
  readonly atMs: number;
}

/** One request that named itself. */
interface KeptRequest {
  readonly fingerprint: string;
  /** When it was begun, or taken over. */
  readonly atMs: number;
  readonly first: FirstRequest;
  /** Absent while it is in progress. */
  readonly answer?: KeptAnswer;
}

/** A request in progress for longer than this was cut short: whoever sends it again takes it over. */
const TAKE_OVER_MS = 60_000;

export interface Identified {
  /** Whose keys these are: keys of different namespaces or operations do not meet. */
  readonly namespace: string;
  readonly operation: string;
  readonly key: string;
  /** Everything that the answer depends on. */
  readonly content: unknown;
  readonly requestId: string;
}

/**
 * Carries a request out once for each key and tells its answer to whoever sends it again. A request that is refused
 * leaves the key free.
 *
 * @param act - told of the request that came first, so that what is recorded of the change is the same whoever records it
 * @throws {ProblemError} `idempotency-mismatch`, `idempotency-in-progress`, and what `act` throws
 */
export async function idempotent<T extends KeptAnswer>(
  core: Pick<Core, "table" | "clock">,
  { namespace, operation, key, content, requestId }: Identified,
  act: (first: FirstRequest) => Promise<T>,
): Promise<{ readonly answer: T | KeptAnswer; readonly isReplay: boolean }> {
  // "~" is in no name of a job: these keys do not meet those of triggered runs.
  const place = keys.idempotency(namespace, `~${operation}#${key}`);
  const atMs = Math.floor(core.clock.nowMs());
  let request: KeptRequest = { fingerprint: hashOf(JSON.stringify(content)), atMs, first: { requestId, atMs } };
  let written = await core.table.put(place, request, "absent");
  if (!written.ok && written.current !== undefined) {
    const former = written.current.body as KeptRequest;
    if (former.fingerprint !== request.fingerprint) throw mismatch(former);
    if (former.answer !== undefined) return { answer: former.answer, isReplay: true };
    if (atMs - former.atMs < TAKE_OVER_MS) throw inProgress(former);
    request = { ...request, first: former.first };
    written = await core.table.put(place, request, written.current.rev);
  }
  if (!written.ok) throw inProgress(request);
  const { rev } = written;
  const answer = await act(request.first).catch(async (error: unknown) => {
    // After a failure on our side part of it may have been done: the key stays taken until `TAKE_OVER_MS` is over.
    if (toProblem(error).problem.status < 500) await core.table.delete(place, rev);
    throw error;
  });
  const { status, body, headers, audit } = answer;
  const told = JSON.parse(JSON.stringify({ status, body, headers, audit })) as KeptAnswer;
  const kept: KeptRequest = { ...request, answer: told };
  // What was done was done, and its answer is true even when it can't be kept.
  await core.table.put(place, kept, rev).catch(() => undefined);
  return { answer, isReplay: false };
}

function mismatch({ atMs }: KeptRequest): ProblemError {
  const at = new Date(atMs).toISOString();
  return new ProblemError(
    problem("idempotency-mismatch", `Cannot use this idempotency key: it was used for another request at ${at}`),
  );
}

function inProgress({ atMs }: KeptRequest): ProblemError {
  const at = new Date(atMs).toISOString();
  return new ProblemError(
    problem("idempotency-in-progress", `The first request with this idempotency key, of ${at}, is still in progress`),
    { headers: { "Retry-After": "1" } },
  );
}

/**
 * Reads `Idempotency-Key`.
 *
 * @throws {ProblemError} `idempotency-key-invalid`
 */
export function readIdempotencyKey(headers: Headers): string | undefined {
  const key = headers.get("idempotency-key");
  if (key === null) return undefined;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const rule = "1 to 255 visible ASCII characters without spaces";
  throw new ProblemError(problem("idempotency-key-invalid", `Idempotency-Key must be ${rule}`));
}
