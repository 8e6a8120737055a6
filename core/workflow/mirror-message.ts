/**
 * What the engine is told, through its own queue, for the execution that mirrors a workflow's run. Like each message it only
 * says where to look: a duplicate or late one does no harm, and a forged one none that lasts.
 */
export type MirrorMessage =
  /** The run has begun or ended. */
  | { readonly v: 1; readonly run: string }
  /** A step of it has ended. */
  | { readonly v: 1; readonly run: string; readonly step: string }
  /** The Task of a step was reached, and has been tried again so many times: the one kind that the execution itself sends. */
  | { readonly v: 1; readonly run: string; readonly step: string; readonly token: string; readonly retries: number }
  /** A workflow was deleted. */
  | { readonly v: 1; readonly deleted: { readonly namespace: string; readonly job: string } };

/** Reads a message; `undefined` when it is not one of a version that this code knows. */
export function decodeMirrorMessage(text: string): MirrorMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isMirrorMessage(value) ? value : undefined;
}

function isMirrorMessage(value: unknown): value is MirrorMessage {
  if (typeof value !== "object" || value === null) return false;
  const { v, run, step, token, retries, deleted } = value as Readonly<Record<string, unknown>>;
  if (v !== 1) return false;
  if (run === undefined) return isJobName(deleted);
  const isOfStep =
    typeof step === "string" && (token === undefined || (typeof token === "string" && typeof retries === "number"));
  return typeof run === "string" && (isOfStep || (step === undefined && token === undefined));
}

function isJobName(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { namespace, job } = value as Readonly<Record<string, unknown>>;
  return typeof namespace === "string" && typeof job === "string";
}
