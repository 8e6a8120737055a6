import type { EndedStatus } from "./run.ts";

/** Ends of runs that others may wait for. */
export const ENDS = ["success", "failure", "end"] as const;
export type RunEnd = (typeof ENDS)[number];

/** Whether a run that has ended so has ended as another wants it. One that never ran has neither succeeded nor failed. */
export function isWantedEnd(status: EndedStatus, wanted: RunEnd): boolean {
  switch (wanted) {
    case "success":
      return status === "succeeded";
    case "failure":
      return status === "failed" || status === "timedOut";
    case "end":
      return status !== "skipped";
  }
}
