import { type Command, Option } from "commander";
import type { JsonObject } from "../../../api/contract/strict-json.ts";
import type { Run } from "../../../api/contract/run.ts";
import type { Actions } from "../command-action.ts";
import { instant, jsonObject, parameter } from "../option-values.ts";
import { PRIORITIES } from "../priorities.ts";
import { waitForRun } from "../wait-for-run.ts";

interface TriggerOptions {
  readonly param?: JsonObject;
  readonly params?: JsonObject;
  readonly at?: string;
  readonly priority?: Run["priority"];
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
}

export function addTriggerCommand(jobs: Command, actions: Actions): void {
  actions.on<TriggerOptions, [job: string]>(
    jobs
      .command("trigger <job>")
      .description("Run a job now, or at an instant")
      .option("--param <name=value>", "a parameter of the run, as JSON or else as text; may be repeated", parameter)
      .option("--params <json>", "parameters of the run as one JSON object", jsonObject)
      .option("--at <instant>", "not before this instant, such as 2026-03-08T07:30:00Z", instant(actions.io.nowMs))
      .addOption(new Option("--priority <class>", "default: the job's").choices(PRIORITIES))
      .option("--idempotency-key <key>", "the same key with the same request gives the same run")
      .option("--wait", "show its log, or how its steps go, until it has ended; end with 0 only when it succeeded"),
    async (session, { param, params, at, priority, idempotencyKey, wait = false }, job) => {
      const client = await session.client();
      const parameters = param === undefined && params === undefined ? undefined : { ...params, ...param };
      const run = await client.jobs.trigger(
        session.job(job),
        {
          ...(parameters !== undefined && { parameters }),
          ...(at !== undefined && { at }),
          ...(priority !== undefined && { priority }),
        },
        { ...(idempotencyKey !== undefined && { idempotencyKey }) },
      );
      if (wait) return waitForRun(session, run);
      session.show(run, {
        human: () => `Triggered ${run.id}, due ${session.instant(run.dueAt)}\n`,
        quiet: () => `${run.id}\n`,
      });
    },
  );
}
