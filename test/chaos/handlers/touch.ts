import type { HandlerContext } from "../../../worker/executors/handler-context.ts";
import { writeEffect } from "../effects.ts";

/** Has its effect at once. */
export default function touch({ run, parameters }: HandlerContext<{ effects: string }>): void {
  const of = { runId: run.id, attempt: run.attempt, epoch: run.epoch };
  writeEffect(parameters.effects, { phase: "begin", ...of });
  writeEffect(parameters.effects, { phase: "done", ...of });
}
