import type { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middyCore, { type MiddlewareObj } from "@middy/core";
import type { Context } from "aws-lambda";

export interface WrapOptions<E> {
  readonly logger: Logger;
  /** Measurements wait in memory until they are flushed. */
  readonly metrics?: { flush(): void };
  /** What ties the lines of one event together, also beyond this function. */
  readonly correlationIdOf: (event: E, context: Context) => string;
  /** Around everything else. */
  readonly outer?: readonly MiddlewareObj[];
}

/** What Lambda calls. It accepts any event: what came is checked by the handler. */
export type FunctionHandler = (event: unknown, context: Context) => Promise<unknown>;

/**
 * Puts around a handler what all functions have in common: each line of the log bears the ids of the invocation and of its
 * event, a failure is told before Lambda hears of it, and measurements are flushed, also after a failure.
 */
export function wrapHandler<E, R>(
  handler: (event: E, context: Context) => Promise<R>,
  { logger, metrics, correlationIdOf, outer = [] }: WrapOptions<E>,
): FunctionHandler {
  const flush = () => metrics?.flush();
  const wrapped = middyCore<E, R>()
    .use([...outer])
    .use({ after: flush, onError: flush })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use({
      before: ({ event, context }) => logger.setCorrelationId(correlationIdOf(event, context)),
      onError: ({ error }) => {
        if (error instanceof Error) logger.error("failed", { error });
      },
    })
    .handler(handler);
  return (event, context) => wrapped(event, context);
}
