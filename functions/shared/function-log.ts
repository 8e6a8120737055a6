import { Logger } from "@aws-lambda-powertools/logger";

/** A function's log: one line of JSON an event, with what the invocation is called. */
export interface FunctionLog {
  info(event: string, fields: object): void;
  warn(event: string, fields: object): void;
  error(event: string, error: unknown, fields?: object): void;
}

/** The log over Powertools' logger, and the logger itself for its middleware. */
export function openFunctionLog(logger = new Logger()): { readonly log: FunctionLog; readonly logger: Logger } {
  const log: FunctionLog = {
    info: (event, fields) => logger.info(event, { ...fields }),
    warn: (event, fields) => logger.warn(event, { ...fields }),
    error: (event, error, fields) =>
      logger.error(event, { error: error instanceof Error ? error : new Error(String(error)), ...fields }),
  };
  return { log, logger };
}
