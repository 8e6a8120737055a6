import type { Readable } from "node:stream";
import type { Json } from "../../core/json.ts";
import type { TaskIo } from "./executor.ts";
import { LineSplitter } from "./line-splitter.ts";
import { MAX_RESULT_BYTES } from "./result.ts";

/** The descriptor on which a command reports; told to it as `CARILLON_REPORT_FD`. */
export const REPORT_FD = 3;
const MAX_COMPLAINTS = 10;

/**
 * What a command tells while it runs, as lines of JSON: `{"progress": …}` any number of times, `{"result": …}` for its
 * result (the last one counts). Lines that are neither are ignored, and the log says so.
 */
export class ReportChannel {
  readonly #io: Pick<TaskIo, "log" | "progress">;
  #complaints = 0;
  #result: Json | undefined;

  constructor(io: Pick<TaskIo, "log" | "progress">) {
    this.#io = io;
  }

  get result(): Json | undefined {
    return this.#result;
  }

  attach(stream: Readable): void {
    const lines = new LineSplitter(MAX_RESULT_BYTES, (text, whole) => this.#read(text, whole));
    stream.on("data", (bytes: Buffer) => lines.push(bytes));
    stream.once("end", () => lines.end());
    stream.on("error", () => undefined);
  }

  #read(text: string, whole: boolean): void {
    if (text.trim() === "") return;
    if (!whole) return this.#complain(`a line must not be longer than ${MAX_RESULT_BYTES} characters`);
    const report = parseObject(text);
    if (report?.progress !== undefined) this.#io.progress(report.progress);
    else if (report?.result !== undefined) this.#result = report.result;
    else this.#complain(`must be {"progress": …} or {"result": …}; got ${text.slice(0, 100)}`);
  }

  #complain(rule: string): void {
    this.#complaints += 1;
    if (this.#complaints <= MAX_COMPLAINTS)
      this.#io.log("system", `Ignored a report on descriptor ${REPORT_FD}: ${rule}`);
  }
}

function parseObject(text: string): { readonly progress?: Json; readonly result?: Json } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
