import type { Command } from "commander";
import type { Actions } from "../command-action.ts";
import { wholeNumber } from "../option-values.ts";
import type { Session } from "../session.ts";
import { take } from "../take.ts";
import { entryText, eventLine } from "../wait-for-run.ts";

interface LogOptions {
  readonly follow?: boolean;
  readonly attempt?: number;
  readonly timestamps?: boolean;
}

export function addLogsCommand(runs: Command, actions: Actions): void {
  actions.on<LogOptions, [run: string]>(
    runs
      .command("logs <run>")
      .description("Print what a run has written")
      .option("-f, --follow", "go on until the run has ended, over all attempts")
      .option("--attempt <n>", "default: the last", wholeNumber(1, 1_000_000))
      .option("-t, --timestamps", "with the instant and the source of each line"),
    async (session, options, id) => {
      await (options.follow === true ? follow : print)(session, id, options);
    },
  );
}

async function print(session: Session, id: string, { attempt, timestamps = false }: LogOptions): Promise<void> {
  const client = await session.client();
  const lines = client.runs.logs(id, { limit: 1_000, ...(attempt !== undefined && { attempt }) });
  if (session.isJson) return session.show({ entries: await take(lines) }, { human: () => "" });
  for await (const entry of lines) session.io.stdout.write(entryText(entry, session, { timestamps }));
}

async function follow(session: Session, id: string, { attempt, timestamps = false }: LogOptions): Promise<void> {
  const client = await session.client();
  for await (const event of client.runs.followLogs(id, { ...(attempt !== undefined && { attempt }) })) {
    if (session.isJson) session.io.stdout.write(eventLine(event));
    else if (event.event === "entry") session.io.stdout.write(entryText(event.data, session, { timestamps }));
    else if (event.event === "end") session.note(`${id} ${event.data.status}`);
    else if (event.data.attempt > 1) session.note(`Attempt ${event.data.attempt}`);
  }
}
