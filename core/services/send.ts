import { ENGINE_POOL } from "../fleet/pool-size.ts";
import type { Priority } from "../job/priority.ts";
import { MAX_DELAY_MS, MAX_SEND, type OutgoingMessage } from "../ports/queue.ts";
import { encodeMessage, ENGINE_QUEUE, queueName, type RunMessage } from "../run/message.ts";
import type { Run } from "../run/run.ts";
import { type Core, rest } from "./core.ts";

/** A message and the queue that it goes to. */
export interface Doorbell {
  readonly message: RunMessage;
  readonly pool: string;
  readonly priority: Priority;
}

/** Some queues have not taken their messages, or only a part of them; the others have. */
export class SendError extends Error {
  readonly failures: ReadonlyMap<string, unknown>;

  constructor(failures: ReadonlyMap<string, unknown>) {
    const [[queue, cause] = ["", undefined]] = failures;
    const others = failures.size > 1 ? ` and ${failures.size - 1} others` : "";
    super(`Cannot ring in queue "${queue}"${others}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "SendError";
    this.failures = failures;
  }

  concerns({ pool, priority }: Doorbell): boolean {
    return this.failures.has(queueName(pool, priority));
  }
}

/** The doorbell of a run that has a record. */
export function runDoorbell(run: Run, dueAtMs: number): Doorbell {
  const { namespace, job, stamp, pool, priority } = run;
  return { message: { v: 1, namespace, job, stamp, dueAtMs }, pool, priority };
}

const MAX_ATTEMPTS = 8;

/**
 * Sends doorbells, each delayed until shortly before it is due. Resolves when all of them are durable; a due instant
 * beyond the queue's longest delay is the caller's mistake and is cut to it: the worker that gets it puts it back.
 *
 * @throws {SendError}
 */
export async function sendDoorbells(core: Core, doorbells: readonly Doorbell[]): Promise<void> {
  if (core.collect !== undefined) return core.collect(doorbells);
  const nowMs = core.clock.nowMs();
  const byQueue = new Map<string, OutgoingMessage[]>();
  for (const { message, pool, priority } of doorbells) {
    const name = queueName(pool, priority);
    // Workers wait out the rest on their own clock, for which the engine has better use.
    const prefetchMs = pool === ENGINE_POOL ? 0 : core.knobs.prefetchMs;
    const delayMs = Math.min(MAX_DELAY_MS, Math.max(0, Math.floor(message.dueAtMs - nowMs - prefetchMs)));
    const outgoing = { body: encodeMessage(message), group: message.namespace, delayMs };
    const list = byQueue.get(name);
    if (list === undefined) byQueue.set(name, [outgoing]);
    else list.push(outgoing);
  }
  const failures = new Map<string, unknown>();
  await Promise.all(
    [...byQueue].map(([name, messages]) => sendAll(core, name, messages).catch((error) => failures.set(name, error))),
  );
  if (failures.size > 0) throw new SendError(failures);
  await core.onRung?.(doorbells.map(({ pool, message: { dueAtMs } }) => ({ pool, dueAtMs })));
}

/** Sends messages to the engine itself. Resolves when all of them are durable. */
export async function sendToEngine(core: Core, messages: readonly OutgoingMessage[]): Promise<void> {
  await sendAll(core, ENGINE_QUEUE, messages);
}

async function sendAll(core: Core, name: string, messages: readonly OutgoingMessage[]): Promise<void> {
  const batches: Promise<void>[] = [];
  for (let i = 0; i < messages.length; i += MAX_SEND) {
    batches.push(sendBatch(core, name, messages.slice(i, i + MAX_SEND)));
  }
  await Promise.all(batches);
}

async function sendBatch(core: Core, name: string, messages: readonly OutgoingMessage[]): Promise<void> {
  let left = messages;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    if (attempt > MAX_ATTEMPTS)
      throw new Error(`Cannot send to queue "${name}": ${left.length} messages were declined ${MAX_ATTEMPTS} times`);
    if (attempt > 1) await rest(core, attempt);
    left = await core.queue.send(name, left);
  }
}
