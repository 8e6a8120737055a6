import type { HandlerContext } from "../../../worker/executors/handler-context.ts";

/** Greets whom the parameters name, in log and result. */
export default function greet({ parameters, logger }: HandlerContext): unknown {
  const greeting = `Hello ${JSON.stringify(parameters["whom"])}`;
  logger.info(greeting);
  return { greeting };
}
