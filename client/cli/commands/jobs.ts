import { type Command, Option } from "commander";
import { JOB_STATES, type Job } from "../../../api/contract/job.ts";
import type { Actions } from "../command-action.ts";
import { definitionYaml } from "../definition-yaml.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { pairs, table } from "../table.ts";
import { take } from "../take.ts";
import { addBackfillCommand } from "./backfill.ts";
import { addTriggerCommand } from "./trigger.ts";

/** `jobs`, with all that is done to a job. */
export function addJobCommands(program: Command, actions: Actions): void {
  const jobs = program.command("jobs").description("List and look at jobs, pause, resume and run them");
  addReading(jobs, actions);
  addChanges(jobs, actions);
  addTriggerCommand(jobs, actions);
  addBackfillCommand(jobs, actions);
}

function addReading(jobs: Command, actions: Actions): void {
  actions.on<{ readonly state?: Job["state"]; readonly label?: string }, []>(
    jobs
      .command("list")
      .description("List jobs by name")
      .addOption(new Option("--state <state>", "only jobs in this state").choices(JOB_STATES))
      .option("--label <key=value>", "only jobs with this label"),
    async (session, options) => {
      const client = await session.client();
      const found = await take(client.jobs.list(session.namespace, options));
      showJobs(session, found);
    },
  );
  actions.on<{ readonly version?: number }, [job: string]>(
    jobs
      .command("get <job>")
      .description("Show a job and its definition")
      .option("--version <n>", "an earlier version of it", wholeNumber(1, 99_999_999)),
    async (session, options, name) => {
      const client = await session.client();
      const job = await client.jobs.get(session.job(name), options);
      session.show(job, { human: () => `${headText(job, session)}\n${definitionYaml(job.definition)}` });
    },
  );
  actions.on<object, [job: string]>(
    jobs.command("versions <job>").description("List the versions of a job, newest first"),
    async (session, _, name) => {
      const client = await session.client();
      const versions = await take(client.jobs.versions(session.job(name)));
      const rows = versions.map(({ version, state, since, by, note }) => [
        version,
        state,
        session.instant(since),
        by,
        note,
      ]);
      session.show({ items: versions }, { human: () => table(["VERSION", "STATE", "SINCE", "BY", "NOTE"], rows) });
    },
  );
  actions.on<object, [names: readonly string[]]>(
    jobs.command("export [jobs...]").description("Print definitions as YAML that apply takes; default: all jobs"),
    async (session, _, names) => {
      const client = await session.client();
      const found =
        names.length === 0
          ? await take(client.jobs.list(session.namespace))
          : await Promise.all(names.map((name) => client.jobs.get(session.job(name))));
      const definitions = found.map(({ definition }) => definition);
      session.show(definitions, { human: () => definitionYaml(...definitions) });
    },
  );
}

function addChanges(jobs: Command, actions: Actions): void {
  actions.on<{ readonly cancel?: boolean }, [job: string]>(
    jobs
      .command("delete <job>")
      .description("Delete a job; its ledger stays")
      .option("--cancel", "cancel its active runs first"),
    async (session, options, name) => {
      const client = await session.client();
      await client.jobs.delete(session.job(name), options);
      session.confirm({ name, deleted: true }, `Deleted job ${name}`);
    },
  );
  actions.on<{ readonly note?: string }, [job: string]>(
    jobs
      .command("pause <job>")
      .description("Hold what has not started until the job is resumed")
      .option("--note <text>", "why, for others to read"),
    async (session, options, name) => {
      const client = await session.client();
      const job = await client.jobs.pause(session.job(name), options);
      session.confirm(job, job.changed ? `Paused job ${name}` : `Job ${name} was paused already`);
    },
  );
  actions.on<{ readonly missed: "now" | "last" | "all"; readonly note?: string }, [job: string]>(
    jobs
      .command("resume <job>")
      .description("Let a paused job go on")
      .addOption(
        new Option("--missed <choice>", "slots of the pause that run: none of them (now), the last, or all")
          .choices(["now", "last", "all"])
          .makeOptionMandatory(),
      )
      .option("--note <text>", "why, for others to read"),
    async (session, options, name) => {
      const client = await session.client();
      const job = await client.jobs.resume(session.job(name), options);
      const next = job.nextSlotAt === undefined ? "" : `, next slot ${session.instant(job.nextSlotAt)}`;
      session.confirm(job, job.changed ? `Resumed job ${name}${next}` : `Job ${name} was not paused`);
    },
  );
}

export function showJobs(session: Session, jobs: readonly Job[]): void {
  const rows = jobs.map(({ name, state, version, definition, nextSlotAt }) => [
    name,
    state,
    version,
    scheduleText(definition.schedule),
    session.instant(nextSlotAt),
  ]);
  session.show(
    { items: jobs },
    {
      human: () => table(["JOB", "STATE", "VERSION", "SCHEDULE", "NEXT SLOT"], rows),
      quiet: () => jobs.map(({ name }) => `${name}\n`).join(""),
    },
  );
}

function headText(
  { namespace, name, state, version, createdAt, since, by, note, nextSlotAt }: Job,
  session: Session,
): string {
  return pairs({
    job: name,
    namespace,
    state,
    version,
    created: session.instant(createdAt),
    since: session.instant(since),
    by,
    note,
    "next slot": session.instant(nextSlotAt),
  });
}

function scheduleText(schedule: Job["definition"]["schedule"]): string | undefined {
  if (schedule === undefined) return undefined;
  const { cron, every, afterEnd, at, dates, timezone } = schedule;
  if (cron !== undefined) return timezone === undefined ? cron : `${cron} (${timezone})`;
  if (every !== undefined) return `every ${every}`;
  if (afterEnd !== undefined) return `${afterEnd} after each end`;
  if (at !== undefined) return `at ${at}`;
  return dates === undefined ? undefined : `on ${dates.length} dates`;
}
