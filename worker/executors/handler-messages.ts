import type { Json, JsonObject } from "../../core/json.ts";
import type { TaskError } from "./executor.ts";

/** What the worker tells a handler's process: once, at the start. */
export interface StartMessage {
  /** Real path of the module. */
  readonly path: string;
  readonly exportName: string;
  readonly runId: string;
  readonly namespace: string;
  readonly job: string;
  readonly slotAtMs: number;
  readonly dueAtMs: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly parameters: JsonObject;
}

/** What a handler's process tells the worker. `result` and `error` come once, and last. */
export type ReportMessage =
  | { readonly type: "progress"; readonly value: Json }
  | { readonly type: "result"; readonly value?: Json }
  | { readonly type: "error"; readonly error: TaskError; readonly stack?: string };

/** The handler's code shares the channel, so anything may come along it. */
export function readReport(message: unknown): ReportMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { type, error } = message as { readonly type?: unknown; readonly error?: Partial<TaskError> };
  if (type === "progress") return "value" in message ? (message as ReportMessage) : undefined;
  if (type === "result") return message as ReportMessage;
  if (type !== "error" || typeof error?.name !== "string" || typeof error.message !== "string") return undefined;
  return message as ReportMessage;
}
