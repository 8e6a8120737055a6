import type { CheckContext } from "./context.ts";
import { overlapOf } from "./job-model.ts";
import { type DefinitionRow, type Fact, hasEnded, type LimitRow, type RunRow, runName } from "./rows.ts";

/** A run that keeps others of its job out, or stands in line before them. */
interface Contender {
  readonly job: string;
  /** Wall time at which it ended; `Infinity` as long as it has not. */
  readonly untilMs: number;
}

/** Counts who runs at the same time, from the runs alone: never more than the definition of whoever comes in allows. */
export class LimitWatch {
  readonly #context: CheckContext;
  /** Runs that have begun and not ended. */
  readonly #begun = new Map<string, RunRow>();
  readonly #contenders = new Map<string, Contender>();

  constructor(context: CheckContext) {
    this.#context = context;
  }

  note(fact: Fact): void {
    if (fact.kind === "limit" && fact.key.startsWith("overlap#")) this.#noteMembers(fact.after);
    if (fact.kind !== "run" || fact.after === undefined) return;
    const { before, after } = fact;
    const name = runName(after);
    if (hasEnded(after) || after.attempt === 0) this.#begun.delete(name);
    else this.#begun.set(name, after);
    if (after.status === "running" && before?.status !== "running") this.#check(after);
    if (after.status === "skipped" && after.reason === "overlap") this.#checkOverlap(after);
    if (!hasEnded(after) && this.#isInLine(after)) this.#contend(after);
    else if (this.#contenders.has(name)) this.#contend(after, this.#context.latestMs());
  }

  #check(run: RunRow): void {
    const definition = this.#definitionOf(run);
    if (definition === undefined) return;
    const others = [...this.#begun.values()].filter((other) => runName(other) !== runName(run));
    // Between its attempts a run still keeps the others of its job out.
    const overlapping = others.find((other) => this.#isInLine(other) && other.job === run.job);
    if (overlapping !== undefined && this.#isInLine(run))
      this.#context.tell(
        "I25",
        `${runName(run)} began beside ${runName(overlapping)} (${overlapping.status}), against its overlap policy`,
      );
    this.#checkBackfill(run, others);
    for (const { key, scope = "job" } of definition.concurrency ?? []) this.#checkKey(run, others, { key, scope });
  }

  /**
   * Runs come in one after the other, each only into what its own job's definition allows, which need not be the same for all:
   * there has to be an order in which they can have come.
   */
  #checkKey(run: RunRow, others: readonly RunRow[], { key, scope }: { key: string | undefined; scope: string }): void {
    const shares = [run, ...others.filter(({ status }) => status === "running")].flatMap((each) => {
      if (scope === "job" && each.job !== run.job) return [];
      const rules = this.#definitionOf(each)?.concurrency ?? [];
      const found = rules.find((rule) => rule.key === key && (rule.scope ?? "job") === scope);
      return found === undefined ? [] : [{ limit: found.limit, weight: found.weight ?? 1 }];
    });
    if (shares.length > 1 && shares.some(({ weight }) => weight > 1))
      this.#context.simulation.faults.count("limit with weights");
    if (canHaveComeIn(shares)) return;
    const told = shares.map(({ limit, weight }) => `${weight} of ${limit}`).join(", ");
    this.#context.tell(
      "I23",
      `${runName(run)} runs with ${shares.length - 1} others under "${key ?? run.job}", of which they take ${told}`,
    );
  }

  #checkBackfill(run: RunRow, others: readonly RunRow[]): void {
    const { backfill, backfillConcurrency: most = 1 } = run.origin ?? {};
    if (backfill === undefined) return;
    const count = others.filter(({ origin }) => origin?.backfill === backfill).length + 1;
    if (count > most)
      this.#context.tell("I23", `${runName(run)} is the ${count}th of backfill ${backfill}, which allows ${most}`);
  }

  /** Whoever was left out for another run has met one: it was there when the one left out was due, or later. */
  #checkOverlap(run: RunRow): void {
    const { skewMs, tell } = this.#context;
    const isMet = [...this.#contenders].some(
      ([name, { job, untilMs }]) => name !== runName(run) && job === run.job && untilMs + skewMs >= run.dueAtMs,
    );
    if (!isMet) tell("I25", `${runName(run)} was skipped for overlap, and no other run was there`);
  }

  /** A claim takes its place in a limit before there is a record of the run. */
  #noteMembers({ holders, waiters }: LimitRow): void {
    for (const member of [...holders, ...waiters]) if (!this.#contenders.has(runName(member))) this.#contend(member);
  }

  #contend(run: Pick<RunRow, "namespace" | "job" | "stamp">, untilMs = Infinity): void {
    this.#contenders.set(runName(run), { job: run.job, untilMs });
  }

  #isInLine(run: RunRow): boolean {
    const definition = this.#definitionOf(run);
    return definition !== undefined && overlapOf(definition) !== "allow" && run.origin?.backfill === undefined;
  }

  #definitionOf({ namespace, job, version }: RunRow): DefinitionRow | undefined {
    return this.#context.jobs.version(`${namespace}/${job}`, version)?.definition;
  }
}

/** What one run takes of what its job allows. */
export interface Share {
  readonly limit: number;
  readonly weight: number;
}

/**
 * Whether there is an order in which the runs can have come into a limit: each found room for its weight beside those before
 * it, but for the first, which may be heavier than the whole limit. Besides the first, the order by what each allows is as
 * good as any other.
 * (Jackson's rule for due dates: if any order keeps all, the earliest first does.)
 */
export function canHaveComeIn(shares: readonly Share[]): boolean {
  return shares.length === 0 || shares.some((first) => fitBehind(first, shares));
}

function fitBehind(first: Share, shares: readonly Share[]): boolean {
  const others = shares.filter((share) => share !== first).sort((a, b) => a.limit - b.limit);
  let used = first.weight;
  return others.every(({ limit, weight }) => {
    used += weight;
    return used <= limit;
  });
}
