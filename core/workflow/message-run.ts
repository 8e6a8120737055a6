import { decodeMessage, messageKey } from "../run/message.ts";
import { formatRunId } from "../run/run-id.ts";
import { decodeMirrorMessage } from "./mirror-message.ts";

/** Id of the run that a message of whatever kind is about; `undefined` when it is about none, or can't be read. */
export function runIdOfMessage(text: string): string | undefined {
  const message = decodeMessage(text);
  if (message !== undefined) return formatRunId(messageKey(message));
  const mirrored = decodeMirrorMessage(text);
  return mirrored === undefined || "deleted" in mirrored ? undefined : mirrored.run;
}
