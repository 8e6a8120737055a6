import type { Asked } from "../world/client.ts";
import type { CheckContext } from "./context.ts";
import type { ClaimNote } from "./run-watch.ts";
import { heldRuns } from "./held-runs.ts";
import { hasEnded, type LimitRow, type RunRow, runName } from "./rows.ts";

/** What every check of the end is given. */
export interface End {
  readonly runs: ReadonlyMap<string, RunRow>;
  readonly claims: ReadonlyMap<string, readonly ClaimNote[]>;
}

/** Healthy again for long enough: nothing waits for ever. */
export function checkNothingIsStuck(context: CheckContext, { runs }: End): void {
  const { simulation, tell } = context;
  const nowMs = simulation.kernel.trueMs + simulation.hostOffsetMs;
  const held = heldRuns(context, runs);
  for (const [name, run] of runs) {
    const dueAtMs = run.retryAtMs ?? run.dueAtMs;
    if (!hasEnded(run) && !held.has(name) && dueAtMs <= nowMs - simulation.knobs.settleMaxMs)
      tell("I20", `${name} is still ${run.status}, due at ${new Date(dueAtMs).toISOString()}`);
  }
  for (const { key, body } of simulation.items.dump("limit#")) {
    const { waiters = [] } = body as Partial<LimitRow>;
    // One that has ended waits for nothing: whoever comes next finds it and drops it.
    const [first] = waiters.filter((waiter) => {
      const run = runs.get(runName(waiter));
      return run === undefined || !(hasEnded(run) || held.has(runName(run)));
    });
    if (first !== undefined) tell("I28", `${waiters.length} wait at ${key.pk}, ${runName(first)} first`);
  }
  for (const { key, body } of simulation.items.dump("due#")) {
    const { visitAtMs } = body as { visitAtMs: number };
    if (visitAtMs <= nowMs - simulation.knobs.settleMaxMs)
      tell("I20", `the entry ${key.sk} has not been visited since ${new Date(visitAtMs).toISOString()}`);
  }
  for (const { key, body } of simulation.items.dump("backfill#"))
    if ((body as { state: string }).state === "running")
      tell("I20", `the backfill ${key.pk} ${key.sk} is still running`);
}

/** What the users' code has done is what the records say. */
export function checkEffects({ effects, tell }: CheckContext, { runs, claims }: End): void {
  const seen = new Set<string>();
  for (const { runId, epoch, attempt, life } of effects) {
    const name = `${runId} epoch ${epoch}`;
    if (seen.has(name)) tell("I13", `${name} was executed twice`);
    seen.add(name);
    const isClaimed = (claims.get(runId) ?? []).some(
      (claim) => claim.epoch === epoch && claim.attempt === attempt && claim.life === life,
    );
    if (!isClaimed) tell("I21", `${name} was executed by ${life} without a claim`);
  }
  for (const [name, run] of runs) {
    if (run.status !== "succeeded" || !isOfWorker(run)) continue;
    const { epoch, attempt } = run.attempts.at(-1) ?? { epoch: 0, attempt: 0 };
    const effect = effects.find((each) => each.runId === name && each.epoch === epoch);
    if (effect?.outcome !== "succeeded")
      tell("I19", `${name} succeeded, and its attempt was ${effect?.outcome ?? "not executed"}`);
    const result = run.result as { epoch?: number; attempt?: number } | undefined;
    if (result?.epoch !== epoch || result.attempt !== attempt)
      tell("I19", `${name} has the result of epoch ${result?.epoch}, not of ${epoch}`);
  }
}

/** Whether users' code was to run: not for what the engine carries, what a redrive has kept, and what was said to have ended. */
function isOfWorker({ attempt, attempts, origin, mark }: RunRow): boolean {
  if (mark !== undefined || origin?.redriveOf !== undefined) return false;
  return attempt > 0 && attempts.at(-1)?.worker !== "engine";
}

/** What the API has said is so. */
export function checkAnswers(context: CheckContext, end: End): void {
  const { tell } = context;
  const history = context.client()?.history ?? [];
  for (const asked of history) {
    const { answer, path, method } = asked;
    if (answer === undefined || method !== "POST") continue;
    if (answer.status >= 200 && answer.status < 300 && path.endsWith("/cancel") && path.startsWith("/v1/runs/"))
      checkCancelled(context, end, asked);
    if (answer.status !== 201 || !(path.endsWith("/runs") || path.endsWith("/rerun") || path.endsWith("/redrive")))
      continue;
    for (const id of idsOf(answer.body)) if (!end.runs.has(id)) tell("I19", `${id} was acknowledged and is nowhere`);
  }
  checkDeeds(context, end, history);
  checkAudit(context);
}

function checkCancelled({ tell }: CheckContext, { runs, claims }: End, { path, answer }: Asked): void {
  const name = decodeURIComponent(path.split("/")[3] ?? "");
  const run = runs.get(name);
  if (answer === undefined || run === undefined) return tell("I18", `${name} was cancelled and is nowhere`);
  if (answer.status === 200 && run.status !== "cancelled")
    tell("I18", `${name} was said to be cancelled and is ${run.status}`);
  const later = (claims.get(name) ?? []).find(({ atMs }) => atMs > answer.atMs);
  if (later !== undefined) tell("I18", `${name} began attempt ${later.attempt} after it was said to be cancelled`);
  // A workflow may have been stopped before, for it lasted too long.
  const isTimedOut = run.status === "timedOut" && run.attempts.at(-1)?.worker === "engine";
  if (run.status !== "cancelled" && run.status !== "succeeded" && !isTimedOut)
    tell("I18", `${name} was to be cancelled and is ${run.status}`);
  return undefined;
}

/** However often a request was sent, it has made its runs once. */
function checkDeeds({ tell }: CheckContext, { runs }: End, history: readonly Asked[]): void {
  const asked = new Map<string, { requests: number; runs: number; hasKey: boolean; ids: string | undefined }>();
  for (const { method, path, body, headers, answer } of history) {
    if (method !== "POST" || !path.endsWith("/runs")) continue;
    const { requests, parameters } = body as {
      requests?: readonly { parameters: { deed: string } }[];
      parameters?: { deed: string };
    };
    const deed = (requests?.[0]?.parameters ?? parameters)?.deed ?? "";
    const known = asked.get(deed) ?? {
      requests: 0,
      runs: requests?.length ?? 1,
      hasKey: "idempotency-key" in headers,
      ids: undefined,
    };
    known.requests += 1;
    if (answer?.status === 201) {
      const ids = idsOf(answer.body).join();
      if (known.hasKey && known.ids !== undefined && known.ids !== ids)
        tell("I36", `${deed} was answered with ${known.ids} and with ${ids}`);
      known.ids = ids;
    }
    asked.set(deed, known);
  }
  const made = new Map<string, number>();
  for (const run of runs.values()) {
    if (run.cause !== "manual") continue;
    const deed = run.parameters?.deed ?? "";
    made.set(deed, (made.get(deed) ?? 0) + 1);
  }
  for (const [deed, count] of made) {
    const known = asked.get(deed);
    if (known === undefined) tell("I21", `${count} runs were asked for by nobody`);
    else if (count > known.runs * (known.hasKey ? 1 : known.requests))
      tell("I36", `${deed} has made ${count} runs in place of ${known.runs}`);
  }
}

/** No request is in the audit trail twice. */
function checkAudit({ simulation, tell }: CheckContext): void {
  const times = new Map<string, number>();
  for (const { body } of simulation.items.dump("audit#")) {
    const { requestId = "" } = body as { requestId?: string };
    times.set(requestId, (times.get(requestId) ?? 0) + 1);
  }
  for (const [requestId, count] of times)
    if (count > 1) tell("I41", `request ${requestId} is in the audit trail ${count} times`);
}

function idsOf(body: unknown): readonly string[] {
  const { id, items } = body as { id?: string; items?: readonly { id: string }[] };
  return items === undefined ? (id === undefined ? [] : [id]) : items.map((run) => run.id);
}
