import type { Json, JsonObject } from "../../core/json.ts";

/**
 * A job in code: called once for each attempt. What it returns is the result (written as JSON, at most 64 KB); what it
 * throws fails the attempt under the error's `name`, for good when the error has `retryable: false`.
 */
export type Handler<P extends JsonObject = JsonObject> = (context: HandlerContext<P>) => unknown;

/** What a handler gets to know, and by what it is heard. */
export interface HandlerContext<P extends JsonObject = JsonObject> {
  readonly slot: {
    /** The nominal instant of the slot; for other runs the instant they were due. */
    readonly at: Date;
    /** When the run was due to start: `at` plus the job's jitter. */
    readonly dueAt: Date;
  };
  readonly run: {
    readonly id: string;
    /** From 1. */
    readonly attempt: number;
    /** The fence: higher for every claim of the run. Hand it to what must refuse a late writer. */
    readonly epoch: number;
  };
  readonly job: string;
  readonly namespace: string;
  readonly parameters: P;
  readonly logger: HandlerLogger;
  /** A sign of life with what is to be shown; at most 16 KB are kept. Of values in quick succession some are left out, never the last. */
  readonly progress: (value: Json) => void;
  /** Aborted when the attempt has to end early. After the grace time what is left is killed. */
  readonly signal: AbortSignal;
}

/** Lines of the run's log. `data` is appended as JSON. */
export interface HandlerLogger {
  readonly debug: (message: string, data?: JsonObject) => void;
  readonly info: (message: string, data?: JsonObject) => void;
  readonly warn: (message: string, data?: JsonObject) => void;
  readonly error: (message: string, data?: JsonObject) => void;
}

type Level = keyof HandlerLogger;

/** `info` and `debug` go to standard output, `warn` and `error` to standard error, with the level before the message. */
export function handlerLogger(write: (source: "stdout" | "stderr", text: string) => void): HandlerLogger {
  const at = (level: Level, source: "stdout" | "stderr") => (message: string, data?: JsonObject) => {
    write(source, `${level}: ${message}${data === undefined ? "" : ` ${JSON.stringify(data)}`}`);
  };
  return {
    debug: at("debug", "stdout"),
    info: at("info", "stdout"),
    warn: at("warn", "stderr"),
    error: at("error", "stderr"),
  };
}
