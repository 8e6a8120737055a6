import type { CheckContext } from "./context.ts";
import { jobName } from "./job-model.ts";
import type { Fact, GapRow, VersionRow } from "./rows.ts";
import { msOf } from "./rows.ts";

/** Default of `misfire.maxLateness`. */
const LATENESS = "24h";

/** Looks at every commit of jobs, leases and gaps. */
export class StoreWatch {
  readonly gaps = new Map<string, GapRow>();
  readonly #context: CheckContext;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  note(fact: Fact): void {
    if (fact.kind === "job") this.#checkVersion(fact.before, fact.after);
    if (fact.kind === "gap") this.#checkGap(fact.after);
    if (fact.kind === "lease" && fact.before !== undefined) {
      if (fact.after === undefined || fact.after.epoch < fact.before.epoch)
        this.#context.tell("I44", `${fact.key} got a lower epoch`);
      else if (
        fact.after.epoch === fact.before.epoch &&
        fact.after.owner !== fact.before.owner &&
        fact.after.owner !== ""
      )
        this.#context.tell("I44", `${fact.key} changed hands within epoch ${fact.after.epoch}`);
    }
  }

  #checkVersion(before: VersionRow | undefined, after: VersionRow | undefined): void {
    const { tell } = this.#context;
    if (after === undefined) return tell("I7", "a job was removed");
    const name = jobName(after);
    if (after.version !== (before?.version ?? 0) + 1)
      tell("I7", `${name} went from version ${before?.version} to ${after.version}`);
    if (before !== undefined && after.sinceMs <= before.sinceMs)
      tell("I7", `${name} version ${after.version} governs from before version ${before.version}`);
    if (before?.state === "paused" && after.state === "active" && after.resume === undefined)
      tell("I6", `${name} was resumed without a choice for the slots of its pause`);
  }

  #checkGap(gap: GapRow | undefined): void {
    const { tell, jobs, latestMs, simulation, skewMs } = this.#context;
    if (gap === undefined) return tell("I54", "a gap was removed");
    const place = `${gap.namespace}/${gap.job} ${gap.fromMs}`;
    const former = this.gaps.get(place);
    if (former !== undefined && gap.toMs < former.toMs) tell("I1", `the gap at ${place} was shortened`);
    this.gaps.set(place, gap);
    const version = jobs.version(`${gap.namespace}/${gap.job}`, gap.version);
    if (version === undefined)
      return tell("I7", `the gap at ${place} is of version ${gap.version}, which was never committed`);
    const isMisfire = gap.reason === "misfire";
    const lateAfterMs = Math.min(
      simulation.knobs.misfireAfterMs,
      msOf(version.definition.misfire?.maxLateness ?? LATENESS),
    );
    if (isMisfire && latestMs() + skewMs < gap.toMs + lateAfterMs)
      tell("I1", `the gap at ${place} gives up slots that are not late yet`);
    if (gap.reason === "paused" && version.state !== "paused")
      tell("I6", `the gap at ${place} says paused, version ${gap.version} is not`);
    return undefined;
  }
}
