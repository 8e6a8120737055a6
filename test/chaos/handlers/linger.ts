import { setTimeout } from "node:timers/promises";
import type { HandlerContext } from "../../../worker/executors/handler-context.ts";
import { writeEffect } from "../effects.ts";

const LINGER_MS = 700;

/** Takes its time in the worker's own process; gives up when it is asked to. */
export default async function linger({ run, parameters, signal }: HandlerContext<{ effects: string }>): Promise<void> {
  const of = { runId: run.id, attempt: run.attempt, epoch: run.epoch };
  writeEffect(parameters.effects, { phase: "begin", ...of });
  await setTimeout(LINGER_MS, undefined, { signal });
  writeEffect(parameters.effects, { phase: "done", ...of });
}
