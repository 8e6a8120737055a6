import type { Command } from "commander";
import type { Worker } from "../../../api/contract/pool.ts";
import type { Actions } from "../command-action.ts";
import { table } from "../table.ts";

/** `workers`. */
export function addWorkerCommands(program: Command, actions: Actions): void {
  const workers = program.command("workers").description("List and drain workers");
  actions.on<{ readonly pool?: string }, []>(
    workers.command("list").description("List the workers").option("--pool <pool>", "only those of this pool"),
    async (session, { pool }) => {
      const client = await session.client();
      const pools = pool === undefined ? (await client.pools.list()).map(({ name }) => name) : [pool];
      const found = (await Promise.all(pools.map((name) => client.pools.workers(name)))).flat();
      session.show(
        { items: found },
        {
          human: () =>
            table(
              ["POOL", "WORKER", "STATE", "RUNNING", "SLOTS", "STARTED", "HOST"],
              found.map((worker) => [...cells(worker), session.instant(worker.startedAt), worker.host]),
            ),
          quiet: () => found.map(({ id }) => `${id}\n`).join(""),
        },
      );
    },
  );
  actions.on<object, [pool: string, worker: string]>(
    workers.command("drain <pool> <worker>").description("Let a worker end its runs and take no more"),
    async (session, _, pool, id) => {
      const worker = await (await session.client()).pools.drain({ pool, id });
      session.confirm(worker, `Worker ${id} of pool ${pool} will end its runs and take no more`);
    },
  );
}

function cells({ pool, id, state, running, slots }: Worker) {
  return [pool, id, state, running.length, slots];
}
