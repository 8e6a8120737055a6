import { CarillonError } from "../errors.ts";

/** A stretch of time, in epoch milliseconds; its end is not part of it. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Checks that a stretch holds an instant.
 *
 * @param action - what it is for, as the start of a sentence: "Cannot read the ledger"
 * @throws {CarillonError} `window-empty` at `/to`
 */
export function expectTime({ fromMs, toMs }: TimeRange, action: string): void {
  if (toMs > fromMs) return;
  const [from, to] = [fromMs, toMs].map((atMs) => new Date(atMs).toISOString());
  throw new CarillonError("window-empty", `${action}: \`to\` must be after \`from\`; got ${from} to ${to}`, {
    pointer: "/to",
  });
}
