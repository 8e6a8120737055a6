import type { Attempt, Run } from "../../api/contract/run.ts";
import { elapsedMs, shortDuration } from "./instants.ts";
import type { Session } from "./session.ts";
import { pairs, table } from "./table.ts";

/** All that people want to know of a run. */
export function runText(run: Run, session: Session): string {
  const lasted = elapsedMs(run.startedAt, run.endedAt);
  const head = pairs({
    run: run.id,
    status: run.status,
    reason: run.reason,
    cause: run.cause,
    version: run.version,
    slot: session.instant(run.slotAt),
    due: session.instant(run.dueAt),
    started: session.instant(run.startedAt),
    ended: session.instant(run.endedAt),
    lasted: lasted === undefined ? undefined : shortDuration(lasted),
    pool: run.pool,
    priority: run.priority,
    worker: run.worker,
    "retry at": session.instant(run.retryAt),
    "waits for": run.waitingFor,
    workflow: partText(run.workflow),
    child: run.child,
    awaits: run.awaits === undefined ? undefined : awaitsText(run.awaits),
    items: run.items === undefined ? undefined : itemsText(run.items),
    "wakes at": session.instant(run.wakeAt),
    paused: actText(run.paused, session),
    marked: actText(run.mark, session),
    "step of": run.origin?.step,
    "re-run of": run.origin?.rerunOf,
    "redrive of": run.origin?.redriveOf,
    after: run.origin?.after,
    backfill: run.origin?.backfill,
    by: run.origin?.by,
    cancelled: actText(run.cancel, session),
    stopped:
      run.stop === undefined
        ? undefined
        : `${run.stop.confirmed ? "confirmed" : "not confirmed"}: ${run.stop.evidence}`,
    error: errorText(run.error),
    parameters: jsonText(run.parameters),
    progress: jsonText(run.progress),
    result: jsonText(run.result),
  });
  if (run.attempts.length === 0) return head;
  const headings = ["ATTEMPT", "OUTCOME", "STARTED", "LASTED", "EXIT", "WORKER", "ERROR"];
  return `${head}\n${table(
    headings,
    run.attempts.map((attempt) => attemptRow(attempt, session)),
  )}`;
}

/** How far the items of a step have come. */
export function itemsText({ total, open, succeeded, failed }: NonNullable<Run["items"]>): string {
  const counts = [`${succeeded} of ${total} succeeded`, ...(failed > 0 ? [`${failed} failed`] : [])];
  return [...counts, ...(open > 0 ? [`${open} open`] : [])].join(", ");
}

function partText(part: Run["workflow"]): string | undefined {
  if (part === undefined) return undefined;
  const item = part.item === undefined ? "" : `, item ${part.item}`;
  return `${part.run}, step ${part.step}${item}`;
}

/** When somebody did something to a run, who, and why. */
export function actText(act: Run["paused"], session: Session): string | undefined {
  if (act === undefined) return undefined;
  return `${session.instant(act.at)} by ${act.by}${act.note === undefined ? "" : `: ${act.note}`}`;
}

function attemptRow({ attempt, outcome, startedAt, endedAt, exitCode, worker, error }: Attempt, session: Session) {
  const lasted = shortDuration(elapsedMs(startedAt, endedAt) ?? 0);
  return [attempt, outcome, session.instant(startedAt), lasted, exitCode, worker, errorText(error)];
}

function awaitsText({ job, on, from, before }: NonNullable<Run["awaits"]>): string {
  return `${on} of ${job}, slots from ${from} to ${before}`;
}

function errorText(error: Run["error"]): string | undefined {
  return error === undefined ? undefined : `${error.name}: ${error.message}`;
}

function jsonText(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
