import { ENGINE_POOL } from "../fleet/pool-size.ts";
import { PRIORITIES, type Priority } from "../job/priority.ts";
import type { RunKey } from "./run-id.ts";

/**
 * What a queue carries: a doorbell that names a run, and nothing that is trusted. Whoever gets it reads the job and the
 * run and decides anew, so a duplicate, late or forged message can wake a worker and do nothing else.
 */
export interface RunMessage {
  readonly v: 1;
  readonly namespace: string;
  readonly job: string;
  readonly stamp: string;
  /** For the run of a slot: the version that dispatched it. Absent for a run that has a record from the start. */
  readonly version?: number;
  /** When the worker may claim it, epoch milliseconds. */
  readonly dueAtMs: number;
}

/** The queue of a class of a pool. What the engine rings itself for is done at once, whatever its class: one queue is enough. */
export function queueName(pool: string, priority: Priority): string {
  return pool === ENGINE_POOL ? ENGINE_QUEUE : `${pool}.${priority}`;
}

/** The classes of a pool that have a queue of their own. */
export function queuedPriorities(pool: string): readonly Priority[] {
  return pool === ENGINE_POOL ? [ENGINE_PRIORITY] : PRIORITIES;
}

const ENGINE_PRIORITY: Priority = "normal";
export const ENGINE_QUEUE = `${ENGINE_POOL}.${ENGINE_PRIORITY}`;

export function encodeMessage(message: RunMessage): string {
  return JSON.stringify(message);
}

/** Reads a message; `undefined` when it is not one of a version that this code knows. */
export function decodeMessage(text: string): RunMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRunMessage(value) ? value : undefined;
}

export function messageKey(message: RunMessage): RunKey {
  return { namespace: message.namespace, job: message.job, stamp: message.stamp };
}

function isRunMessage(value: unknown): value is RunMessage {
  if (typeof value !== "object" || value === null) return false;
  const message = value as Partial<Record<keyof RunMessage, unknown>>;
  return (
    message.v === 1 &&
    typeof message.namespace === "string" &&
    typeof message.job === "string" &&
    typeof message.stamp === "string" &&
    typeof message.dueAtMs === "number" &&
    (message.version === undefined || typeof message.version === "number")
  );
}
