import type { CheckContext } from "./context.ts";
import { overlapOf } from "./job-model.ts";
import { type DefinitionRow, type Fact, hasEnded, type RunRow, runName } from "./rows.ts";

/** Counts who runs at the same time, from the runs alone: never more than the definition of whoever comes in allows. */
export class LimitWatch {
  readonly #context: CheckContext;
  /** Runs that have begun and not ended. */
  readonly #begun = new Map<string, RunRow>();

  constructor(context: CheckContext) {
    this.#context = context;
  }

  note(fact: Fact): void {
    if (fact.kind !== "run" || fact.after === undefined) return;
    const { before, after } = fact;
    const name = runName(after);
    if (hasEnded(after) || after.attempt === 0) this.#begun.delete(name);
    else this.#begun.set(name, after);
    if (after.status === "running" && before?.status !== "running") this.#check(after);
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
    for (const { key, scope = "job", limit } of definition.concurrency ?? []) {
      const isUnder = (other: RunRow): boolean =>
        other.status === "running" &&
        (scope === "namespace" || other.job === run.job) &&
        (this.#definitionOf(other)?.concurrency ?? []).some(
          (rule) => rule.key === key && (rule.scope ?? "job") === scope,
        );
      const count = others.filter(isUnder).length + 1;
      if (count > limit)
        this.#context.tell("I23", `${runName(run)} is the ${count}th under "${key ?? run.job}", which allows ${limit}`);
    }
  }

  #isInLine(run: RunRow): boolean {
    const definition = this.#definitionOf(run);
    return definition !== undefined && overlapOf(definition) !== "allow" && run.origin?.backfill === undefined;
  }

  #definitionOf({ namespace, job, version }: RunRow): DefinitionRow | undefined {
    return this.#context.jobs.version(`${namespace}/${job}`, version)?.definition;
  }
}
