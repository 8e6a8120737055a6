import type { ReceivedMessage } from "../core/ports/queue.ts";
import { ENGINE_QUEUE } from "../core/run/message.ts";
import type { Core } from "../core/services/core.ts";
import { handleEngineMessage } from "../core/services/workflow/engine-message.ts";

export interface EngineLoopOptions {
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const LONG_POLL_MS = 20_000;
/** Messages handled at the same time. */
const MAX_RECEIVED = 64;
const ERROR_REST_MS = 1_000;
/** A message is hidden for so long at most; one that is due later comes back and is hidden again. */
const MAX_HIDE_MS = 900_000;

/** Carries workflows until `signal` is aborted: handles what the engine rings itself for. */
export async function runEngineLoop(core: Core, { onError, signal }: EngineLoopOptions): Promise<void> {
  const { visibilityMs } = core.knobs;
  while (!signal.aborted) {
    try {
      const options = { max: MAX_RECEIVED, waitMs: LONG_POLL_MS, visibilityMs, signal };
      const received = await core.queue.receive(ENGINE_QUEUE, options);
      await Promise.all(received.map((message) => handle(core, { message, onError })));
    } catch (error) {
      onError(error);
      await core.clock.sleep(ERROR_REST_MS, signal);
    }
  }
}

/** What fails is left to the message's next delivery. */
async function handle(
  core: Core,
  { message, onError }: { readonly message: ReceivedMessage; readonly onError: (error: unknown) => void },
): Promise<void> {
  try {
    const verdict = await handleEngineMessage(core, message);
    if (verdict.kind === "delete") await core.queue.delete(ENGINE_QUEUE, [message.receipt]);
    else await core.queue.extend(ENGINE_QUEUE, [message.receipt], Math.min(MAX_HIDE_MS, verdict.forMs));
  } catch (error) {
    onError(error);
  }
}
