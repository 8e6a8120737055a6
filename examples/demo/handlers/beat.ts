import type { HandlerContext } from "../../../worker/executors/handler-context.ts";

/** Short and trusted: runs inside the worker. */
export default function beat({ run }: HandlerContext): { attempt: number } {
  return { attempt: run.attempt };
}
