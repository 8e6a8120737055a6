import { ENGINE_POOL } from "../../fleet/pool-size.ts";
import type { ReceivedMessage } from "../../ports/queue.ts";
import { decodeMessage } from "../../run/message.ts";
import { decodeMirrorMessage } from "../../workflow/mirror-message.ts";
import { claimRun } from "../claim-run.ts";
import type { Core } from "../core.ts";
import { handleMirrorMessage } from "./mirror.ts";

/** What is to become of a message of the engine's own queues. */
export type EngineVerdict =
  | { readonly kind: "delete" }
  /** It is too early, or the message can't be read: hide it for so long. */
  | { readonly kind: "hide"; readonly forMs: number };

/** How long a message rests that can't be read: each look brings it nearer to the dead letters. */
const UNREADABLE_REST_MS = 5_000;

/** Handles a message of the engine's own queues: begins what the engine carries, and takes it on when its time has come. */
export async function handleEngineMessage(core: Core, { body, receives }: ReceivedMessage): Promise<EngineVerdict> {
  const message = decodeMessage(body);
  if (message === undefined) {
    const mirrored = decodeMirrorMessage(body);
    if (mirrored === undefined) return { kind: "hide", forMs: UNREADABLE_REST_MS };
    return handleMirrorMessage(core, mirrored, receives);
  }
  const claim = await claimRun(core, message, { id: ENGINE_POOL, pool: ENGINE_POOL }, receives);
  switch (claim.kind) {
    case "later":
      return { kind: "hide", forMs: Math.ceil(claim.inMs) };
    case "done":
      return { kind: "delete" };
    case "claimed":
      throw new Error(`Cannot carry run "${message.stamp}" of job "${message.job}": it is for a worker`);
  }
}
