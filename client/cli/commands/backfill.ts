import { type Command, Option } from "commander";
import type { Backfill } from "../../../api/contract/backfill.ts";
import type { Actions } from "../command-action.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { instant, wholeNumber } from "../option-values.ts";
import { PRIORITIES } from "../priorities.ts";
import { Progress } from "../progress.ts";
import type { Session } from "../session.ts";

interface BackfillOptions {
  readonly from: string;
  readonly to: string;
  readonly order?: Backfill["order"];
  readonly concurrency?: number;
  readonly reprocess?: Backfill["reprocess"];
  readonly priority?: Backfill["priority"];
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

const POLL_MS = 1_000;

export function addBackfillCommand(jobs: Command, actions: Actions): void {
  const readInstant = instant(actions.io.nowMs);
  actions.on<BackfillOptions, [job: string]>(
    jobs
      .command("backfill <job>")
      .description("Run a job for the slots of a stretch of time")
      .requiredOption("--from <instant>", "first instant, such as 2026-03-01T00:00:00Z or -7d", readInstant)
      .requiredOption("--to <instant>", "end, exclusive; may be now", readInstant)
      .addOption(new Option("--order <order>", "default: oldestFirst").choices(["oldestFirst", "newestFirst"]))
      .option("--concurrency <n>", "runs at the same time, 1 to 1000 (default: 1)", wholeNumber(1, 1_000))
      .addOption(
        new Option(
          "--reprocess <which>",
          "slots that ran before: leave them (none, default), the failed ones, or all",
        ).choices(["none", "failed", "all"]),
      )
      .addOption(new Option("--priority <class>", "default: bulk").choices(PRIORITIES))
      .option("--dry-run", "only show which slots would run")
      .option("--wait", "wait until every slot has been handed to the workers"),
    async (session, { dryRun = false, wait = false, ...request }, job) => {
      if (dryRun) return showPlan(session, job, request);
      const client = await session.client();
      const started = await client.backfills.start(session.job(job), request);
      const backfill = wait ? await waitForBackfill(session, started) : started;
      session.show(backfill, { human: () => `${stateText(backfill)}\n`, quiet: () => `${backfill.id}\n` });
      if (backfill.state === "cancelled") session.exitCode = EXIT_CODES.failure;
    },
  );
}

async function showPlan(session: Session, job: string, request: BackfillOptions): Promise<void> {
  const client = await session.client();
  const plan = await client.backfills.plan(session.job(job), request);
  const { slots, count, left } = plan;
  const more = count > slots.length ? [`… and ${count - slots.length} more`] : [];
  const sum = `Would run ${count} slots and leave ${left} that ran before`;
  session.show(plan, { human: () => [...slots.map((at) => session.instant(at)), ...more, sum, ""].join("\n") });
}

async function waitForBackfill(session: Session, started: Backfill): Promise<Backfill> {
  const client = await session.client();
  const progress = new Progress(session);
  let backfill = started;
  while (backfill.state === "running") {
    progress.show(`${backfill.submitted} of ${backfill.total} slots submitted`);
    await session.io.sleep(POLL_MS);
    backfill = await client.backfills.get(session.job(backfill.job), backfill.id);
  }
  progress.end();
  return backfill;
}

function stateText({ id, state, submitted, total }: Backfill): string {
  switch (state) {
    case "running":
      return `Started backfill ${id} of ${total} slots`;
    case "done":
      return `Backfill ${id} is done: all ${total} slots were submitted`;
    case "cancelled":
      return `Backfill ${id} was cancelled after ${submitted} of ${total} slots`;
  }
}
