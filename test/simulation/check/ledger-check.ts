import type { CheckContext } from "./context.ts";
import { overlapOf, type KnownVersion } from "./job-model.ts";
import { type GapRow, hasEnded, msOf, type RunRow } from "./rows.ts";
import type { ModelSlot, SlotModel } from "./slot-model.ts";
import type { WalkWatch } from "./walk-watch.ts";

/** The rows of one job, as they are in the end. */
interface Ledger {
  readonly job: string;
  readonly runs: ReadonlyMap<number, RunRow>;
  readonly gaps: readonly GapRow[];
}

/** The slots of a version, up to the last instant that it governs or that has come. */
interface Reign {
  readonly slots: readonly ModelSlot[];
  readonly untilMs: number;
}

/** Judges in the end that every slot of every version has exactly one account, and a just one. */
export class LedgerCheck {
  readonly #context: CheckContext;
  readonly #slots: SlotModel;
  readonly #walks: WalkWatch;

  constructor(context: CheckContext, { slots, walks }: { slots: SlotModel; walks: WalkWatch }) {
    this.#context = context;
    this.#slots = slots;
    this.#walks = walks;
  }

  judge(): { readonly slots: number; readonly fired: number } {
    const sum = { slots: 0, fired: 0 };
    for (const job of this.#context.jobs.names) {
      const ledger = this.#read(job);
      const versions = this.#context.jobs.versions(job);
      for (const [index, version] of versions.entries()) {
        const next = versions[index + 1];
        if (version.state === "deleted") continue;
        if (version.definition.schedule?.afterEnd !== undefined) {
          this.#judgeChain(ledger, version, next);
          continue;
        }
        const untilMs = Math.min(next?.sinceMs ?? Infinity, this.#nowMs());
        const slots = this.#slots.between(version, version.sinceMs, untilMs);
        sum.slots += slots.length;
        sum.fired += slots.filter(({ atMs }) => (ledger.runs.get(atMs)?.attempt ?? 0) > 0).length;
        if (version.state === "active") this.#judgeActive(ledger, version, { slots, untilMs });
        else this.#judgePaused(ledger, version, { next, slots });
      }
    }
    return sum;
  }

  #judgeActive(ledger: Ledger, version: KnownVersion, { slots, untilMs }: Reign): void {
    for (const slot of slots) {
      const { atMs, isExcluded } = slot;
      const run = ledger.runs.get(atMs);
      const at = `${ledger.job} slot ${iso(atMs)} of version ${version.version}`;
      if (isExcluded) {
        if (run !== undefined && run.attempt > 0 && run.version === version.version)
          this.#tell("I8", `${at} fired on a day that is closed`);
        else if (run === undefined && gapOver(ledger, atMs, version) === undefined)
          this.#tell("I1", `${at} is of a day that is closed, and no gap says so`);
        continue;
      }
      if (run !== undefined) this.#judgeRow(run, version, at);
      else if (gapOver(ledger, atMs, version)?.reason !== "misfire")
        this.#tell("I1", `${at} is lost: ${gapText(ledger, atMs, version)}`);
      else if (this.#walks.hasTakenInTime(version, slot)) this.#tell("I1", `${at} was taken in time, and is given up`);
    }
    this.#judgeCatchUp(ledger, version, { slots, untilMs });
  }

  /** After slots that were missed the last one fires, or the last few, as the policy says. */
  #judgeCatchUp(ledger: Ledger, known: KnownVersion, { slots, untilMs }: Reign): void {
    const { definition, version } = known;
    const { policy = "last", maxLateness } = definition.misfire ?? {};
    if (policy === "none" || maxLateness !== undefined) return;
    const firing = slots.filter(({ isExcluded }) => !isExcluded);
    for (const gap of ledger.gaps) {
      if (gap.reason !== "misfire" || gap.version !== version) continue;
      if (!firing.some(({ atMs }) => gap.fromMs <= atMs && atMs <= gap.toMs)) continue;
      const next = firing.find(({ atMs }) => atMs > gap.toMs);
      if (next === undefined) {
        // A clock that was set back afterwards: the newest of what was missed was beyond the version's time then.
        if (gap.toMs >= untilMs) continue;
        this.#tell(
          "I5",
          `${ledger.job} has given up the last slots of version ${version}, to ${iso(gap.toMs)}; its policy is ${policy}`,
        );
      } else if (!ledger.runs.has(next.atMs) && gapOver(ledger, next.atMs, known) === undefined) {
        this.#tell("I5", `${ledger.job} has not caught up on ${iso(next.atMs)}, the newest of what was missed`);
      }
    }
  }

  #judgeRow(run: RunRow, { definition, namespace, name, version }: KnownVersion, at: string): void {
    if (run.attempt > 0) return;
    const { status, reason } = run;
    if (status === "expired") {
      if (definition.timeouts?.queue === undefined) this.#tell("I1", `${at} expired without a time-out`);
      return;
    }
    if (status !== "skipped") return;
    switch (reason) {
      case "overlap": {
        const overlap = overlapOf(definition);
        if (overlap !== "skip" && overlap !== "queueOne")
          this.#tell("I25", `${at} was skipped for overlap; the policy is ${overlap}`);
        return;
      }
      case "misfire": {
        const lateMs = (run.endedAtMs ?? 0) + this.#context.skewMs - run.dueAtMs;
        const most = msOf(definition.misfire?.maxLateness ?? "24h");
        const lateAfterMs =
          definition.misfire?.policy === "none" ? Math.min(most, this.#context.simulation.knobs.misfireAfterMs) : most;
        if (lateMs < lateAfterMs) this.#tell("I1", `${at} was given up after ${lateMs} ms`);
        return;
      }
      case "deleted": {
        const isDeleted = this.#context.jobs
          .versions(`${namespace}/${name}`)
          .some((other) => other.version > version && other.state === "deleted");
        if (!isDeleted) this.#tell("I7", `${at} says deleted, and nobody has deleted the job`);
        return;
      }
      default:
        this.#tell("I1", `${at} was skipped for ${reason ?? "no reason"}`);
    }
  }

  /** The slots of a pause: those that whoever resumed the job has chosen, and no others. */
  #judgePaused(
    ledger: Ledger,
    version: KnownVersion,
    { next, slots }: { next: KnownVersion | undefined; slots: readonly ModelSlot[] },
  ): void {
    const firing = slots.filter(({ isExcluded }) => !isExcluded).map(({ atMs }) => atMs);
    const choice = next?.state === "active" ? (next.resume ?? "now") : "now";
    const take = { now: 0, last: 1, all: version.definition.misfire?.limit ?? 100 }[choice];
    const chosen = new Set(take === 0 ? [] : firing.slice(-take));
    for (const atMs of firing) {
      const run = ledger.runs.get(atMs);
      const at = `${ledger.job} slot ${iso(atMs)} of the pause at version ${version.version}`;
      // One that was claimed by somebody who had not seen the pause yet.
      if (run !== undefined && run.version < version.version) continue;
      if (chosen.has(atMs)) {
        if (run === undefined)
          this.#tell(
            "I6",
            `${at} is lost, and was chosen by resuming with ${choice}: ${gapText(ledger, atMs, version)}`,
          );
      } else if (run !== undefined && run.attempt > 0) {
        this.#tell("I6", `${at} fired, and was not chosen by resuming with ${choice}`);
      } else if (
        run === undefined &&
        next !== undefined &&
        gapOver(ledger, atMs, version)?.reason !== "paused" &&
        next.state !== "deleted" &&
        next.state !== "paused"
      ) {
        this.#tell("I1", `${at} is not accounted for: ${gapText(ledger, atMs, version)}`);
      }
    }
  }

  /** A chain: each slot follows from the end of the run before, and it does not break off. */
  #judgeChain(ledger: Ledger, version: KnownVersion, next: KnownVersion | undefined): void {
    const delayMs = msOf(version.definition.schedule?.afterEnd ?? "1s");
    const links = [...ledger.runs.values()]
      .filter((run) => run.version === version.version)
      .sort((a, b) => a.slotAtMs - b.slotAtMs);
    for (const [index, run] of links.entries()) {
      const former = links[index - 1];
      if (former === undefined) continue;
      const expectedMs = Math.max(former.slotAtMs + 1, Math.ceil(former.endedAtMs ?? Infinity) + delayMs);
      if (run.slotAtMs !== expectedMs)
        this.#tell(
          "I9",
          `${ledger.job} chain went from ${iso(former.slotAtMs)} to ${iso(run.slotAtMs)}, not to ${iso(expectedMs)}`,
        );
    }
    const last = links.at(-1);
    const untilMs = Math.min(next?.sinceMs ?? Infinity, this.#nowMs() - this.#context.simulation.knobs.settleMaxMs);
    if (version.state !== "active") return;
    if (last === undefined) {
      if (version.sinceMs + delayMs <= untilMs)
        this.#tell("I1", `${ledger.job} chain never began under version ${version.version}`);
      return;
    }
    if (!hasEnded(last)) return;
    const dueMs = Math.max(last.slotAtMs + 1, Math.ceil(last.endedAtMs ?? 0) + delayMs);
    if (dueMs <= untilMs) this.#tell("I1", `${ledger.job} chain broke off: ${iso(dueMs)} has no row`);
  }

  #read(job: string): Ledger {
    const [namespace = "", name = ""] = job.split("/");
    const runs = new Map<number, RunRow>();
    const gaps: GapRow[] = [];
    for (const { key, body } of this.#context.simulation.items.dump(`run#${namespace}#${name}`)) {
      if (key.pk !== `run#${namespace}#${name}`) continue;
      if (key.sk.endsWith("~gap")) gaps.push(body as GapRow);
      else if ((body as RunRow).cause === "slot") runs.set((body as RunRow).slotAtMs, body as RunRow);
    }
    return { job, runs, gaps };
  }

  #nowMs(): number {
    const { simulation } = this.#context;
    return simulation.kernel.trueMs + simulation.hostOffsetMs;
  }

  #tell(invariant: string, what: string): void {
    this.#context.tell(invariant, what);
  }
}

/** The gap of a version over an instant; what another version has left out is no account of its slots. */
function gapOver({ gaps }: Ledger, atMs: number, { version }: { version: number }): GapRow | undefined {
  return gaps.find((gap) => gap.version === version && gap.fromMs <= atMs && atMs <= gap.toMs);
}

function gapText(ledger: Ledger, atMs: number, version: KnownVersion): string {
  const gap = gapOver(ledger, atMs, version);
  return gap === undefined ? "no row, no gap" : `no row, a gap for ${gap.reason}`;
}

function iso(ms: number): string {
  return ms === Infinity ? "nothing" : new Date(ms).toISOString();
}
