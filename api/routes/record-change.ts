import type { AuditEntry } from "../../core/store/audit-store.ts";
import { errorText } from "./error-text.ts";
import type { ApiContext } from "./handler.ts";

const MAX_TRIES = 3;
const REST_MS = 50;

/**
 * Leaves the audit record of a change that was made. When it can't be written the change is still answered as made,
 * since it was; the log is told.
 */
export async function recordChange(
  { core, audit, logger }: ApiContext,
  namespace: string,
  entry: AuditEntry,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await audit.append(namespace, entry);
    } catch (error) {
      if (tries === MAX_TRIES) {
        return logger({ event: "auditLost", requestId: entry.requestId, error: errorText(error) });
      }
      await core.clock.sleep(REST_MS);
    }
  }
}
