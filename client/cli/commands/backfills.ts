import type { Command } from "commander";
import type { Backfill } from "../../../api/contract/backfill.ts";
import type { Actions } from "../command-action.ts";
import type { Session } from "../session.ts";
import { pairs, table } from "../table.ts";
import { take } from "../take.ts";

/** `backfills`; one is started with `jobs backfill`. */
export function addBackfillsCommands(program: Command, actions: Actions): void {
  const backfills = program.command("backfills").description("Look at backfills and stop them");
  actions.on<object, [job: string]>(
    backfills.command("list <job>").description("List the backfills of a job"),
    async (session, _, job) => {
      const found = await take((await session.client()).backfills.list(session.job(job)));
      const rows = found.map(({ id, state, from, to, submitted, total }) => [
        id,
        state,
        session.instant(from),
        session.instant(to),
        `${submitted}/${total}`,
      ]);
      session.show({ items: found }, { human: () => table(["BACKFILL", "STATE", "FROM", "TO", "SUBMITTED"], rows) });
    },
  );
  actions.on<object, [job: string, id: string]>(
    backfills.command("get <job> <backfill>").description("Show a backfill"),
    async (session, _, job, id) => {
      show(session, await (await session.client()).backfills.get(session.job(job), id));
    },
  );
  actions.on<object, [job: string, id: string]>(
    backfills.command("cancel <job> <backfill>").description("Submit no more of its slots; runs in the queue stay"),
    async (session, _, job, id) => {
      show(session, await (await session.client()).backfills.cancel(session.job(job), id));
    },
  );
}

function show(session: Session, backfill: Backfill): void {
  const { id, state, from, to, order, concurrency, reprocess, priority, submitted, total } = backfill;
  const stretch = `${session.instant(from)} to ${session.instant(to)}`;
  const lines = {
    backfill: id,
    state,
    stretch,
    order,
    concurrency,
    reprocess,
    priority,
    submitted: `${submitted} of ${total}`,
  };
  session.show(backfill, { human: () => pairs(lines) });
}
