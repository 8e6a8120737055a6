import type { RunLogs } from "../../../core/ports/run-logs.ts";
import type { Life } from "../kernel/life.ts";

/** The RunLogs port as one process sees it. */
export function simRunLogs(life: Life, logs: RunLogs): RunLogs {
  return {
    append: async (stream, entries) => await life.call("logs.append", stream.runId, () => logs.append(stream, entries)),
    close: async (stream) => await life.call("logs.close", stream.runId, () => logs.close(stream)),
    read: async (stream, options) => await life.call("logs.read", stream.runId, () => logs.read(stream, options)),
  };
}
