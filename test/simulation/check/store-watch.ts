import type { CheckContext } from "./context.ts";
import { jobName } from "./job-model.ts";
import type { Fact, GapRow, VersionRow } from "./rows.ts";
import { msOf } from "./rows.ts";
import type { SlotModel } from "./slot-model.ts";

/** Default of `misfire.maxLateness`. */
const LATENESS = "24h";
/** Default of `misfire.limit`. */
const LIMIT = 100;

/** Looks at every commit of jobs, leases and gaps. */
export class StoreWatch {
  readonly gaps = new Map<string, GapRow>();
  readonly #context: CheckContext;
  readonly #slots: SlotModel;

  constructor(context: CheckContext, slots: SlotModel) {
    this.#context = context;
    this.#slots = slots;
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
    const place = `${gap.namespace}/${gap.job} ${gap.fromMs} of version ${gap.version}`;
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
    if (isMisfire) this.#checkCatchUp(gap, version);
    if (gap.reason === "paused" && version.state !== "paused")
      tell("I6", `the gap at ${place} says paused, version ${gap.version} is not`);
    return undefined;
  }

  /** Of the slots that were missed the newest fire, as many as the policy says; unless they are too late for it. */
  #checkCatchUp(gap: GapRow, version: VersionRow): void {
    const { latestMs, simulation, skewMs, tell } = this.#context;
    const { policy = "last", limit = LIMIT, maxLateness = LATENESS } = version.definition.misfire ?? {};
    // Whoever writes the gap has read its clock before: what it took for missed is among these.
    const nowMs = latestMs() + skewMs;
    const missed = this.#slots
      .between(version, version.sinceMs, nowMs - simulation.knobs.misfireAfterMs)
      .filter(({ isExcluded }) => !isExcluded);
    const take = { none: 0, last: 1, all: limit }[policy] ?? 0;
    const wanted = take === 0 ? [] : missed.slice(-take);
    const lost = wanted.find(({ atMs }) => gap.fromMs <= atMs && atMs <= gap.toMs && atMs > nowMs - msOf(maxLateness));
    if (lost !== undefined)
      tell(
        "I5",
        `${gap.job} has given up ${new Date(lost.atMs).toISOString()}, one of the newest ${take} of what was missed`,
      );
  }
}
