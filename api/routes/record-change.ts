import type { Principal } from "../access/principal.ts";
import { errorText } from "./error-text.ts";
import type { ApiContext } from "./handler.ts";
import type { RequestInfo } from "./request-info.ts";

const MAX_TRIES = 3;
const REST_MS = 50;

export interface Change {
  readonly action: string;
  readonly subject: string;
  readonly principal: Principal;
  readonly info: RequestInfo;
}

/**
 * Leaves the audit record of a change that was made. When it can't be written the change is still answered as made,
 * since it was; the log is told.
 */
export async function recordChange(
  { core, audit, logger }: ApiContext,
  namespace: string,
  { action, subject, principal, info }: Change,
): Promise<void> {
  const { requestId, ip } = info;
  const entry = {
    requestId,
    atMs: Math.floor(core.clock.nowMs()),
    action,
    subject,
    by: principal.name,
    tokenId: principal.id,
    ...(ip === undefined ? {} : { ip }),
  };
  for (let tries = 1; ; tries += 1) {
    try {
      return await audit.append(namespace, entry);
    } catch (error) {
      if (tries === MAX_TRIES) return logger({ event: "auditLost", requestId, error: errorText(error) });
      await core.clock.sleep(REST_MS);
    }
  }
}
