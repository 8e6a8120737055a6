import type { Violation } from "../check/history.ts";

/**
 * What became of something that was planned:
 *
 * - `done`
 * - `replaced`: there was nothing to do it to, and something else was done in its place
 * - `withoutTarget`: there was nothing to do it to, for as long as it tried
 * - `failed`: it threw
 * - `cutShort`: the round ended before it had tried for as long as it may
 */
export type HarmOutcome = "done" | "replaced" | "withoutTarget" | "failed" | "cutShort";

/** How often each kind of harm came to what. Harm that is never done proves nothing, however clean its round. */
export class HarmTally {
  readonly #counts = new Map<string, Map<HarmOutcome, number>>();
  readonly #reasons = new Map<string, string>();

  note(kind: string, outcome: HarmOutcome, reason?: string): void {
    const counts = this.#counts.get(kind) ?? new Map<HarmOutcome, number>();
    this.#counts.set(kind, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    if (reason !== undefined) this.#reasons.set(kind, reason);
  }

  isDone(kind: string): boolean {
    return this.#counts.get(kind)?.has("done") === true;
  }

  /** By kind, and of each what there was of it. */
  report(): Readonly<Record<string, Readonly<Partial<Record<HarmOutcome, number>>>>> {
    return Object.fromEntries(
      [...this.#counts].map(([kind, counts]) => [kind, { done: 0, ...Object.fromEntries(counts) }]),
    );
  }

  /** Kinds that were planned and never done, but for those whose every chance the end of the round cut short. */
  undone(): readonly Violation[] {
    return [...this.#counts].flatMap(([kind, counts]): readonly Violation[] => {
      if (counts.has("done") || [...counts.keys()].every((outcome) => outcome === "cutShort")) return [];
      const told = [...counts].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
      const reason = this.#reasons.get(kind);
      const text = `${kind} was planned and never done: ${told}${reason === undefined ? "" : ` (${reason})`}`;
      return [{ kind: "undone", text }];
    });
  }
}
