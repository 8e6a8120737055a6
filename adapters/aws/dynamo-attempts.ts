import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { leavesOutcomeOpen } from "./sdk-errors.ts";

/**
 * The SDK repeats a failed call by itself and shows the last attempt's error alone. When an earlier attempt broke in the
 * middle, that error tells too little: a write whose answer was lost and whose repetition was throttled may have been
 * applied. From now on the client notes which errors had such a forerunner; see `wasInDoubt`.
 */
export function watchAttempts(client: DynamoDBClient): void {
  client.middlewareStack.add(
    // The SDK builds the chain anew for each call, and passes here once for each of its attempts.
    (next) => {
      let inDoubt = false;
      return async (args) => {
        try {
          return await next(args);
        } catch (error) {
          if (inDoubt && error instanceof Error) doubted.add(error);
          inDoubt ||= leavesOutcomeOpen(error);
          throw error;
        }
      };
    },
    // Of low priority in this step, so that it stands within the retries. A client that is watched twice is watched once.
    { step: "finalizeRequest", priority: "low", name: "carillonWatchAttempts", override: true },
  );
}

/** An attempt before the one that ended with `error` may have been applied. */
export function wasInDoubt(error: unknown): boolean {
  return error instanceof Error && doubted.has(error);
}

const doubted = new WeakSet<Error>();
