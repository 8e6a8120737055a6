import { type Command, Option } from "commander";
import type { Queue } from "../../../api/contract/pool.ts";
import type { Actions } from "../command-action.ts";
import { wholeNumber } from "../option-values.ts";
import { PRIORITIES } from "../priorities.ts";
import { table } from "../table.ts";

interface QueueOptions {
  readonly priority?: Queue["priority"];
}

/** `deadletters`. */
export function addDeadLetterCommands(program: Command, actions: Actions): void {
  const group = program.command("deadletters").description("Messages of runs that were delivered too often");
  actions.on<QueueOptions & { readonly limit?: number }, [pool: string]>(
    group
      .command("list <pool>")
      .description("List the oldest dead letters of a pool's queues")
      .addOption(priorityOption())
      .option("--limit <n>", "at most so many of each queue (default: 100)", wholeNumber(1, 1_000)),
    async (session, { priority, limit = 100 }, pool) => {
      const client = await session.client();
      const queues = priority === undefined ? PRIORITIES : [priority];
      const found = await Promise.all(
        queues.map(async (queue) => {
          const letters = await client.pools.deadLetters({ pool, priority: queue }, { limit });
          return letters.map((letter) => ({ priority: queue, ...letter }));
        }),
      );
      const rows = found
        .flat()
        .map(({ priority, namespace, runId, receives }) => [priority, namespace, runId, receives]);
      session.show(
        { items: found.flat() },
        { human: () => table(["PRIORITY", "NAMESPACE", "RUN", "DELIVERIES"], rows) },
      );
    },
  );
  actions.on<QueueOptions, [pool: string]>(
    group
      .command("redrive <pool>")
      .description("Put the dead letters of a pool's queues back into them")
      .addOption(priorityOption()),
    async (session, { priority }, pool) => {
      const client = await session.client();
      const queues = priority === undefined ? PRIORITIES : [priority];
      const counts = await Promise.all(queues.map((queue) => client.pools.redrive({ pool, priority: queue })));
      const redriven = counts.reduce((sum, count) => sum + count.redriven, 0);
      session.confirm({ redriven }, `Put ${redriven} dead letters back into their queues`);
    },
  );
}

function priorityOption(): Option {
  return new Option("--priority <class>", "only this queue (default: all)").choices(PRIORITIES);
}
