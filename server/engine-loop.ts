import { ENGINE_POOL } from "../core/fleet/pool-size.ts";
import { PRIORITIES } from "../core/job/priority.ts";
import type { ReceivedMessage } from "../core/ports/queue.ts";
import { queueName } from "../core/run/message.ts";
import type { Core } from "../core/services/core.ts";
import { handleEngineMessage } from "../core/services/workflow/engine-message.ts";

export interface EngineLoopOptions {
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const LONG_POLL_MS = 20_000;
/** Messages handled at the same time, of one class. */
const MAX_RECEIVED = 64;
const ERROR_REST_MS = 1_000;
/** A message is hidden for so long at most; one that is due later comes back and is hidden again. */
const MAX_HIDE_MS = 900_000;

/** Carries workflows until `signal` is aborted: handles what the engine rings itself for. */
export async function runEngineLoop(core: Core, options: EngineLoopOptions): Promise<void> {
  await Promise.all(PRIORITIES.map((priority) => poll(core, queueName(ENGINE_POOL, priority), options)));
}

async function poll(core: Core, queue: string, { onError, signal }: EngineLoopOptions): Promise<void> {
  const { visibilityMs } = core.knobs;
  while (!signal.aborted) {
    try {
      const received = await core.queue.receive(queue, {
        max: MAX_RECEIVED,
        waitMs: LONG_POLL_MS,
        visibilityMs,
        signal,
      });
      await Promise.all(received.map((message) => handle(core, queue, { message, onError })));
    } catch (error) {
      onError(error);
      await core.clock.sleep(ERROR_REST_MS, signal);
    }
  }
}

/** What fails is left to the message's next delivery. */
async function handle(
  core: Core,
  queue: string,
  { message, onError }: { readonly message: ReceivedMessage; readonly onError: (error: unknown) => void },
): Promise<void> {
  try {
    const verdict = await handleEngineMessage(core, message);
    if (verdict.kind === "delete") await core.queue.delete(queue, [message.receipt]);
    else await core.queue.extend(queue, [message.receipt], Math.min(MAX_HIDE_MS, verdict.forMs));
  } catch (error) {
    onError(error);
  }
}
