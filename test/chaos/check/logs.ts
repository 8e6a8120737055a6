import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Violation } from "./history.ts";

/**
 * Errors that the product has words for: the store refuses, for a while. A worker or server that can't begin ends with one
 * of these, and is started again.
 */
const EXPECTED = /^(?:PortError|SendError|StoreOpenError)\b|^Cannot open /;
/** The head of what Node prints of an error that nobody has caught. */
const UNCAUGHT = /^(?:Uncaught )?(\w*(?:Error|Exception)\b.*)$/;

interface Event {
  readonly event?: string;
  readonly level?: string;
  readonly error?: string;
}

/** Finds in the logs of servers and workers what went wrong in a way that nobody had thought of. */
export function checkLogs(folder: string): readonly Violation[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .split("\n")
      .flatMap((line): readonly Violation[] => {
        const error = errorOf(line);
        if (error === undefined || EXPECTED.test(error)) return [];
        return [{ kind: "failed", text: `${name}: ${error.slice(0, MAX_TEXT)}` }];
      }),
  );
}

const MAX_TEXT = 600;

function errorOf(line: string): string | undefined {
  if (!line.startsWith("{")) return UNCAUGHT.exec(line)?.[1];
  const { level, error } = parseEvent(line);
  return level === "error" ? error : undefined;
}

/** A line that was being written when its writer was killed is half a line. */
function parseEvent(line: string): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return {};
  }
}
