import type { CompiledJob } from "../job/compile.ts";
import type { JobDefinition } from "../job/definition.ts";
import { admit, before, enqueue, isSomeoneAhead, type Member, withdraw } from "../limit/limit.ts";
import { runLimits, type RunLimit } from "../limit/run-limits.ts";
import type { Run } from "../run/run.ts";
import { cancelRun } from "./cancel-run.ts";
import type { Core } from "./core.ts";
import { dropEnded, repairLimit } from "./leave-limit.ts";
import { ringMembers } from "./ring-members.ts";

/** `held`: all limits; `skip`: the run is not to happen; `wait`: there is no room at `key`. */
export type Hold =
  | { readonly kind: "held"; readonly keys: readonly string[] }
  | { readonly kind: "skip" }
  | { readonly kind: "wait"; readonly key: string };

export interface HoldOptions {
  /** Revision of the record that the claim is based on; 0: there is none. */
  readonly basis: number;
  /** Whether to stand in line when full; the run must have a record then. */
  readonly stand: boolean;
}

/**
 * Makes a run a holder of every limit that it is subject to, one after the other. When one is full it keeps those before it
 * and waits: the order in which all runs take their limits is the same, so no two ever wait for each other.
 */
export async function holdLimits(core: Core, run: Run, job: CompiledJob, options: HoldOptions): Promise<Hold> {
  const held: string[] = [];
  for (const limit of runLimits(run, job)) {
    const outcome = await holdOne(core, run, limit, options);
    if (outcome === "skip") return { kind: "skip" };
    if (outcome === "wait") return { kind: "wait", key: limit.key };
    held.push(limit.key);
  }
  return { kind: "held", keys: held };
}

async function holdOne(
  core: Core,
  run: Run,
  rule: RunLimit,
  { stand, basis }: HoldOptions,
): Promise<"held" | "skip" | "wait"> {
  const member = memberOf(run, rule, basis);
  const outcome = await core.limits.change<{
    kind: "held" | "skip" | "wait";
    promoted: readonly Member[];
    inTheWay: readonly Member[];
  }>(rule.key, async (limit) => {
    const admission = admit(limit, member);
    if (admission.kind === "held") return { result: { kind: "held", promoted: [], inTheWay: [] } };
    if (admission.kind === "admitted")
      return { limit: admission.limit, result: { kind: "held", promoted: [], inTheWay: [] } };

    const repaired = await dropEnded(core, limit);
    const second = admit(repaired.limit, member);
    const { promoted } = repaired;
    if (second.kind === "held") return { limit: repaired.limit, result: { kind: "held", promoted, inTheWay: [] } };
    if (second.kind === "admitted") return { limit: second.limit, result: { kind: "held", promoted, inTheWay: [] } };

    // One that has begun waits for its turn, whatever the policy says of newcomers.
    if (run.attempt === 0 && skipsWhenFull(rule.whenFull, isSomeoneAhead(repaired.limit, run))) {
      const others = withdraw(repaired.limit, run);
      const result = { kind: "skip", promoted, inTheWay: [] } as const;
      return others === limit ? { result } : { limit: others, result };
    }
    const kind = "wait";
    const isStanding = stand && repaired.limit.waiters.length < core.knobs.maxWaiters;
    const after = isStanding ? enqueue(repaired.limit, member) : repaired.limit;
    const inTheWay = before(after, run);
    return after === limit
      ? { result: { kind, promoted, inTheWay } }
      : { limit: after, result: { kind, promoted, inTheWay } };
  });
  await ringMembers(core, outcome.promoted);
  // Whoever left between our look and our place in line has not seen us: look once more.
  if (outcome.kind === "wait" && stand) await repairLimit(core, rule.key);
  // Only who stands in line, with a record of its own: a late duplicate of a run that has ended must cancel nothing.
  const replaces = rule.whenFull === "cancelPrevious" || rule.whenFull === "terminatePrevious";
  if (outcome.kind === "wait" && stand && replaces) {
    const graceMs = rule.whenFull === "terminatePrevious" ? 0 : undefined;
    for (const other of outcome.inTheWay) {
      await cancelRun(core, other, {
        by: "overlap policy",
        note: `replaced by ${run.stamp}`,
        ...(graceMs === undefined ? {} : { graceMs }),
      });
    }
  }
  return outcome.kind;
}

function skipsWhenFull(whenFull: NonNullable<JobDefinition["overlap"]>, isBehindSomeone: boolean): boolean {
  return whenFull === "skip" || (whenFull === "queueOne" && isBehindSomeone);
}

function memberOf({ namespace, job, stamp }: Run, { weight, capacity }: RunLimit, basis: number): Member {
  return { namespace, job, stamp, weight, capacity, basis };
}
