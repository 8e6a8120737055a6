import type { LogEvent } from "../../api/contract/log.ts";
import { isOfWorkflow, type Run } from "../../api/contract/run.ts";
import { EXIT_CODES } from "./exit-code.ts";
import { followSteps } from "./follow-steps.ts";
import { elapsedMs, shortDuration } from "./instants.ts";
import { printable, printableJson } from "./printable.ts";
import type { Session } from "./session.ts";

/**
 * Shows a run's log until it has ended, of a workflow how its steps go, then how it ended. Ends the command with success
 * only if the run did.
 */
export async function waitForRun(session: Session, run: Run): Promise<void> {
  session.note(`Waiting for ${run.id}`);
  const ended = isOfWorkflow(run) ? await followSteps(session, run.id) : await showLog(session, run);
  if (session.isJson) session.show(ended, { human: () => "" });
  session.note(endText(ended));
  session.exitCode = ended.status === "succeeded" ? EXIT_CODES.ok : EXIT_CODES.failure;
}

async function showLog(session: Session, run: Run): Promise<Run> {
  const client = await session.client();
  for await (const event of client.runs.followLogs(run.id, { attempt: 1 })) {
    if (!session.isJson && event.event === "entry") session.io.stdout.write(entryText(event.data, session, {}));
    if (event.event === "attempt" && event.data.attempt > 1) session.note(`Attempt ${event.data.attempt}`);
  }
  return client.runs.get(run.id);
}

/** One line of a log. Carillon's own lines are marked, so that they aren't taken for the job's. */
export function entryText(
  { at, source, text }: Extract<LogEvent, { event: "entry" }>["data"] | { at: string; source: string; text: string },
  session: Session,
  { timestamps = false }: { readonly timestamps?: boolean },
): string {
  const mark = source === "system" ? "carillon: " : "";
  const time = timestamps ? `${session.instant(at)} ${source.padEnd("stderr".length)} ` : "";
  return `${time}${mark}${printable(text).replaceAll("\n", " ")}\n`;
}

/** A followed event as one line of JSON. */
export function eventLine({ event, data }: LogEvent): string {
  return `${printableJson({ event, ...data })}\n`;
}

function endText({ id, status, startedAt, endedAt, error, reason }: Run): string {
  const lasted = elapsedMs(startedAt, endedAt);
  const after = lasted === undefined ? "" : ` after ${shortDuration(lasted)}`;
  const why = error === undefined ? reason : `${error.name}: ${error.message}`;
  return `${id} ${status}${after}${why === undefined ? "" : `: ${why}`}`;
}
