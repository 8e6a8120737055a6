import type { Run } from "../../api/contract/run.ts";
import type { StepState, WorkflowSteps } from "../../api/contract/workflow.ts";
import { elapsedMs, shortDuration } from "./instants.ts";
import { actText, itemsText } from "./run-text.ts";
import { printableLine } from "./printable.ts";
import type { Session } from "./session.ts";
import { type Cell, pairs, table } from "./table.ts";

const MAX_NAMES_TOLD = 5;
/** Columns that a line with a result takes, at most. */
const LINE_WIDTH = 100;
/** Of the longest label before the steps, with the gap after it. */
const LABEL_WIDTH = "redrive of:  ".length;
const LEAST_WIDTH = 30;

/** How a workflow's run stands: the run, its steps, what determined its end, and when its steps ran. */
export function stepsText(
  { run, steps, criticalPath, gantt }: WorkflowSteps,
  { session, nowMs }: { readonly session: Session; readonly nowMs: number },
): string {
  const head = pairs({
    run: run.id,
    status: run.status,
    reason: run.reason,
    started: session.instant(run.startedAt),
    ended: session.instant(run.endedAt),
    lasted: lastedText(run.startedAt, run, nowMs),
    "redrive of": run.origin?.redriveOf,
    "wakes at": session.instant(run.wakeAt),
    paused: actText(run.paused, session),
    stopped: actText(run.cancel, session),
    error: run.error === undefined ? undefined : `${run.error.name}: ${run.error.message}`,
    result: run.result === undefined ? undefined : shortened(JSON.stringify(run.result), LINE_WIDTH - LABEL_WIDTH),
  });
  const rows = steps.map((step) => stepRow(step, { run, session, nowMs }));
  const parts = [head, table(["STEP", "STATUS", "ATTEMPTS", "STARTED", "LASTED", "WHY"], rows)];
  const results = resultRows(steps);
  if (results.length > 0) parts.push(table(["STEP", "RESULT"], results));
  if (criticalPath.length > 0) parts.push(`Critical path: ${criticalPath.map(criticalText).join(" → ")}\n`);
  if (gantt !== "") parts.push(`${gantt}\n`);
  return parts.join("\n");
}

function stepRow(
  step: StepState,
  { run: workflow, session, nowMs }: { readonly run: Run; readonly session: Session; readonly nowMs: number },
): readonly Cell[] {
  const { status, run } = step;
  return [
    titleOf(step),
    status,
    run?.attempt,
    session.instant(step.startedAt),
    run === undefined ? undefined : lastedText(step.startedAt, run, nowMs),
    run === undefined ? waitText(step, workflow) : whyText(step, run, session),
  ];
}

function titleOf({ name, phase }: StepState): string {
  return phase === "main" ? name : `${name} (${phase})`;
}

/** One line on what a step has come to; `undefined` while it has not begun. */
export function stepLine(step: StepState, session: Session): string | undefined {
  const { status, kind, run } = step;
  if (run === undefined) return undefined;
  const lasted = run.endedAt === undefined ? undefined : lastedText(step.startedAt, run);
  const words = [whyText(step, run, session), kind === "switch" || kind === "approval" ? resultText(step) : undefined];
  const why = words.filter((word) => word !== undefined).join("; ");
  const parts = [
    `${titleOf(step)} ${status}`,
    status === "running" && run.attempt > 1 ? `, attempt ${run.attempt}` : "",
    lasted === undefined ? "" : ` after ${lasted}`,
    why === "" ? "" : `: ${why}`,
  ];
  return printableLine(parts.join(""));
}

/** What steps have given, in a table of its own: beside all that is told of a step there is no room for it. */
function resultRows(steps: readonly StepState[]): readonly (readonly Cell[])[] {
  const told = steps.flatMap((step) => {
    const text = resultText(step);
    return text === undefined ? [] : [{ title: titleOf(step), text }];
  });
  const titleWidth = told.reduce((most, { title }) => Math.max(most, title.length), "STEP".length);
  return told.map(({ title, text }) => [title, shortened(text, Math.max(LEAST_WIDTH, LINE_WIDTH - titleWidth - 2))]);
}

/** What a step has given, in one line; whatever its error tells already is left out. */
export function resultText({ kind, run, omitted }: StepState): string | undefined {
  if (run === undefined) return undefined;
  if (omitted?.result !== undefined) return `${Math.ceil(omitted.result / 1_024)} KB (runs get shows it)`;
  const { result, error } = run;
  if (result === undefined) return undefined;
  if (kind === "switch") return `chose ${(result as readonly string[]).join(", ") || "none"}`;
  if (kind === "approval") return error === undefined ? decisionText(result) : undefined;
  return JSON.stringify(result);
}

function decisionText(result: unknown): string {
  const { by, note } = result as { readonly by: string; readonly note?: string };
  return `approved by ${by}${note === undefined ? "" : `: ${note}`}`;
}

function shortened(text: string, width: number): string {
  const points = Array.from(text);
  return points.length <= width ? text : `${points.slice(0, width - 1).join("")}…`;
}

function lastedText(startedAt: string | undefined, { endedAt }: Run, nowMs?: number): string | undefined {
  const until = endedAt ?? (nowMs === undefined ? undefined : new Date(nowMs).toISOString());
  const ms = elapsedMs(startedAt, until);
  return ms === undefined ? undefined : shortDuration(Math.max(0, ms));
}

/** What a step waits for that has not begun. */
function waitText({ waitsFor, waitsForMore = 0 }: StepState, workflow: Run): string | undefined {
  if (waitsFor.length === 0) return workflow.paused === undefined ? undefined : "the workflow is paused";
  const more = waitsFor.length + waitsForMore - MAX_NAMES_TOLD;
  return `waits for ${waitsFor.slice(0, MAX_NAMES_TOLD).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What a step does or waits for, or why it has ended as it has. */
function whyText({ kind }: StepState, run: Run, session: Session): string | undefined {
  const { origin, mark, items, error, reason, child, waitingFor, retryAt, wakeAt } = run;
  const until = wakeAt === undefined ? "" : ` until ${session.instant(wakeAt)}`;
  const words = [
    origin?.redriveOf === undefined ? undefined : `stands from ${origin.redriveOf}`,
    mark === undefined ? undefined : `marked by ${mark.by}${mark.note === undefined ? "" : `: ${mark.note}`}`,
    items === undefined ? undefined : itemsText(items),
    error === undefined ? (mark === undefined ? reason : undefined) : `${error.name}: ${error.message}`,
    run.status === "running" && child !== undefined ? `waits for run ${child}` : undefined,
    run.status === "running" && kind === "approval" ? `waits for an approval${until}` : undefined,
    run.status === "running" && kind === "wait" ? `waits${until}` : undefined,
    waitingFor === undefined ? undefined : `waits for ${waitingFor}`,
    retryAt === undefined ? undefined : `again at ${session.instant(retryAt)}`,
  ].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : words.join("; ");
}

function criticalText({ step, from, to, waitedMs }: WorkflowSteps["criticalPath"][number]): string {
  const waited = waitedMs > 0 ? `waited ${shortDuration(waitedMs)}, ` : "";
  return `${step} (${waited}${shortDuration(elapsedMs(from, to) ?? 0)})`;
}
