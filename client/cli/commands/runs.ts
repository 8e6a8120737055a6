import { type Command, Option } from "commander";
import { type Run, RUN_STATUSES } from "../../../api/contract/run.ts";
import type { Actions } from "../command-action.ts";
import { elapsedMs, shortDuration } from "../instants.ts";
import { duration, wholeNumber } from "../option-values.ts";
import { runText } from "../run-text.ts";
import type { Session } from "../session.ts";
import { take } from "../take.ts";
import { table } from "../table.ts";
import { addLogsCommand } from "./logs.ts";

const DEFAULT_LISTED = 20;

/** `runs`, with all that is done to a run. */
export function addRunCommands(program: Command, actions: Actions): void {
  const runs = program.command("runs").description("List and look at runs, cancel and repeat them, read their logs");
  actions.on<{ readonly status?: Run["status"]; readonly limit?: number }, [job: string]>(
    runs
      .command("list <job>")
      .description("List the runs of a job, newest first")
      .addOption(new Option("--status <status>", "only runs with this status").choices(RUN_STATUSES))
      .option("--limit <n>", `at most so many (default: ${DEFAULT_LISTED})`, wholeNumber(1, 100_000)),
    async (session, { status, limit = DEFAULT_LISTED }, job) => {
      const client = await session.client();
      const options = { limit: Math.min(limit, 1_000), ...(status !== undefined && { status }) };
      showRuns(session, await take(client.jobs.runs(session.job(job), options), limit));
    },
  );
  actions.on<object, [run: string]>(
    runs.command("get <run>").description("Show a run and its attempts"),
    async (session, _, id) => {
      const run = await (await session.client()).runs.get(id);
      session.show(run, { human: () => runText(run, session) });
    },
  );
  actions.on<{ readonly note?: string; readonly grace?: number }, [run: string]>(
    runs
      .command("cancel <run>")
      .description("Cancel a run")
      .option("--note <text>", "why, for others to read")
      .option("--grace <duration>", "time from the request to stop to the kill (default: the job's)", duration),
    async (session, { note, grace }, id) => {
      const client = await session.client();
      const run = await client.runs.cancel(id, {
        ...(note !== undefined && { note }),
        ...(grace !== undefined && { graceMs: grace }),
      });
      session.confirm(run, cancelText(run));
    },
  );
  actions.on<object, [run: string]>(
    runs.command("retry <run>").description("Run an ended run's slot again, as a new run"),
    async (session, _, id) => {
      const run = await (await session.client()).runs.rerun(id);
      session.show(run, { human: () => `Started ${run.id}\n`, quiet: () => `${run.id}\n` });
    },
  );
  addLogsCommand(runs, actions);
}

/** What a cancellation has come to. */
export function cancelText({ id, status, worker }: Run): string {
  if (status === "cancelled") return `Cancelled ${id}`;
  // A workflow is in no worker's hands, nor is a step that waits for other runs.
  return worker === undefined ? `Stopping ${id}` : `Asked its worker to stop ${id}`;
}

function showRuns(session: Session, runs: readonly Run[]): void {
  const rows = runs.map(({ id, status, cause, dueAt, startedAt, endedAt, attempt }) => {
    const lasted = elapsedMs(startedAt, endedAt);
    return [
      id,
      status,
      cause,
      session.instant(dueAt),
      lasted === undefined ? undefined : shortDuration(lasted),
      attempt,
    ];
  });
  session.show(
    { items: runs },
    {
      human: () => table(["RUN", "STATUS", "CAUSE", "DUE", "LASTED", "ATTEMPT"], rows),
      quiet: () => runs.map(({ id }) => `${id}\n`).join(""),
    },
  );
}
