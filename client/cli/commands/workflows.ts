import { Argument, type Command, Option } from "commander";
import { JOB_STATES, type Job } from "../../../api/contract/job.ts";
import type { Run } from "../../../api/contract/run.ts";
import { stepRunId } from "../../sdk/workflows-api.ts";
import type { Actions } from "../command-action.ts";
import { collect, duration, type Mark, MARKS, stepMark, wholeNumber } from "../option-values.ts";
import { stepsText } from "../steps-text.ts";
import { take } from "../take.ts";
import { showJobs } from "./jobs.ts";
import { cancelText } from "./runs.ts";

const NOTE = ["--note <text>", "why, for others to read"] as const;

interface NoteOption {
  readonly note?: string;
}

/** `workflows`, with all that is done to the run of a workflow and to its steps. */
export function addWorkflowCommands(program: Command, actions: Actions): void {
  const workflows = program
    .command("workflows")
    .description("Look at workflows and their runs, pause, stop and redrive these, decide about steps");
  addReading(workflows, actions);
  addRunChanges(workflows, actions);
  addRedrive(workflows, actions);
  addStepChanges(workflows, actions);
}

function addReading(workflows: Command, actions: Actions): void {
  actions.on<{ readonly state?: Job["state"]; readonly label?: string }, []>(
    workflows
      .command("list")
      .description("List the jobs that are workflows, by name")
      .addOption(new Option("--state <state>", "only workflows in this state").choices(JOB_STATES))
      .option("--label <key=value>", "only workflows with this label"),
    async (session, options) => {
      const client = await session.client();
      showJobs(session, await take(client.workflows.list(session.namespace, options)));
    },
  );
  actions.on<{ readonly mermaid?: boolean; readonly version?: number }, [job: string]>(
    workflows
      .command("graph <workflow>")
      .description("Draw the steps of a workflow and what they wait for")
      .option("--mermaid", "as a Mermaid flowchart, for Markdown")
      .option("--version <n>", "an earlier version of it", wholeNumber(1, 99_999_999)),
    async (session, { mermaid = false, version }, job) => {
      const client = await session.client();
      const graph = await client.workflows.graph(session.job(job), version === undefined ? {} : { version });
      session.show(graph, { human: () => `${(mermaid ? graph.mermaid : graph.text).trimEnd()}\n` });
    },
  );
  actions.on<object, [run: string]>(
    workflows
      .command("status <run>")
      .description("Tell how the steps of a workflow's run stand, and what took how long"),
    async (session, _, id) => {
      const steps = await (await session.client()).workflows.steps(id);
      session.show(steps, { human: () => stepsText(steps, { session, nowMs: session.io.nowMs() }) });
    },
  );
}

function addRunChanges(workflows: Command, actions: Actions): void {
  actions.on<NoteOption, [run: string]>(
    workflows
      .command("pause <run>")
      .description("Let no further step of a run begin")
      .option(...NOTE),
    async (session, note, id) => {
      const run = await (await session.client()).workflows.pause(id, note);
      session.confirm(run, `Paused ${id}`);
    },
  );
  actions.on<object, [run: string]>(
    workflows.command("resume <run>").description("Let the steps of a paused run begin again"),
    async (session, _, id) => {
      const run = await (await session.client()).workflows.resume(id);
      session.confirm(run, `Resumed ${id}`);
    },
  );
  actions.on<NoteOption & { readonly grace?: number }, [run: string]>(
    workflows
      .command("stop <run>")
      .description("Stop a run: its steps are cancelled or left out, but for those of `finally` and with rule `always`")
      .option(...NOTE)
      .option("--grace <duration>", "time from the request to stop to the kill (default: the steps')", duration),
    async (session, { grace, ...note }, id) => {
      const client = await session.client();
      const run = await client.runs.cancel(id, { ...note, ...(grace !== undefined && { graceMs: grace }) });
      session.confirm(run, cancelText(run));
    },
  );
}

interface RedriveOptions extends NoteOption {
  readonly latest?: boolean;
  readonly from?: readonly string[];
  readonly mark?: Readonly<Record<string, Mark>>;
}

function addRedrive(workflows: Command, actions: Actions): void {
  actions.on<RedriveOptions, [run: string]>(
    workflows
      .command("redrive <run>")
      .description("Continue an ended run as a new one, in which what has succeeded stands")
      .option("--latest", "under the workflow as it is now (default: as it was for the run)")
      .option("--from <step>", "run this step again although it has succeeded; may be repeated", collect)
      .option("--mark <step=succeeded|skipped>", "take the step as if it had; may be repeated", stepMark)
      .option("--note <text>", "why the steps are marked, for others to read"),
    async (session, { latest = false, from, mark, note }, id) => {
      const client = await session.client();
      const run = await client.workflows.redrive(id, {
        ...(latest && { definition: "latest" }),
        ...(from !== undefined && { from: [...from] }),
        ...(mark !== undefined && { marks: mark }),
        ...(note !== undefined && { note }),
      });
      session.show(run, { human: () => `Started ${run.id}\n`, quiet: () => `${run.id}\n` });
    },
  );
}

function addStepChanges(workflows: Command, actions: Actions): void {
  actions.on<NoteOption, [run: string, step: string, as: Mark]>(
    workflows
      .command("mark <run> <step>")
      .description("End a step that is not being executed as if it had succeeded, or leave it out")
      .addArgument(new Argument("<as>", "how it is to end").choices(MARKS))
      .option(...NOTE),
    async (session, note, id, step, as) => {
      const run = await (await session.client()).workflows.mark(stepRunId(id, step), { as, ...note });
      session.confirm(run, `Marked ${run.id} as ${as}`);
    },
  );
  for (const [verb, done] of [
    ["approve", "Approved"],
    ["reject", "Rejected"],
  ] as const) {
    actions.on<NoteOption, [run: string, step: string]>(
      workflows
        .command(`${verb} <run> <step>`)
        .description(verb === "approve" ? "Approve what a step waits for" : "Reject what a step waits for: it fails")
        .option(...NOTE),
      async (session, note, id, step) => {
        const { workflows: api } = await session.client();
        const run: Run = await api[verb](stepRunId(id, step), note);
        session.confirm(run, `${done} ${run.id}`);
      },
    );
  }
}
