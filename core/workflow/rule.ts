import type { TriggerRule } from "./definition.ts";

/**
 * How the needs of a step stand, from its point of view: a failure that is allowed counts as succeeded, a step that is
 * blocked as failed.
 */
export interface NeedsTally {
  readonly succeeded: number;
  readonly skipped: number;
  readonly failed: number;
  /** Not ended, begun or not. */
  readonly pending: number;
}

export type RuleVerdict = "run" | "skip" | "block" | "wait";

/**
 * What a trigger rule says of needs that stand so. A verdict other than `wait` holds whatever the pending needs come to,
 * and none depends on the order in which needs end: that is why `allSucceeded` waits for all needs before it skips, while
 * one failure is enough to block.
 *
 * | rule           | run                   | skip                           | block                          |
 * |----------------|-----------------------|--------------------------------|--------------------------------|
 * | `allSucceeded` | all succeeded         | all ended, none failed, a skip | a failure, at once             |
 * | `allEnded`     | all ended             | never                          | never                          |
 * | `anySucceeded` | a success, at once    | all ended, all skipped         | all ended, no success, a fail. |
 * | `anyFailed`    | a failure, at once    | all ended, no failure          | never                          |
 * | `noneFailed`   | all ended, no failure | never                          | a failure, at once             |
 * | `always`       | all ended             | never                          | never                          |
 *
 * Without needs a step runs. `always` differs from `allEnded` in that it runs in a workflow that is being stopped too.
 */
export function decideRule(rule: TriggerRule, tally: NeedsTally): RuleVerdict {
  const { succeeded, skipped, failed, pending } = tally;
  switch (rule) {
    case "allSucceeded":
      if (failed > 0) return "block";
      if (pending > 0) return "wait";
      return skipped > 0 ? "skip" : "run";
    case "noneFailed":
      if (failed > 0) return "block";
      return pending > 0 ? "wait" : "run";
    case "anySucceeded":
      if (succeeded > 0) return "run";
      if (pending > 0) return "wait";
      if (failed > 0) return "block";
      return skipped > 0 ? "skip" : "run";
    case "anyFailed":
      if (failed > 0) return "run";
      return pending > 0 ? "wait" : "skip";
    case "allEnded":
    case "always":
      return pending > 0 ? "wait" : "run";
  }
}
