/**
 * Finds out that a living worker does not know of a run that is in its name.
 *
 * A worker tells with each heartbeat of every run that it claims or executes, and makes its heartbeats one after the
 * other. When a heartbeat without the run is seen after the claim was seen, the next one may have been composed before
 * the claim; the one after it was composed later for certain.
 */
export class OblivionObserver {
  readonly #seen = new Map<string, number>();

  /** Takes note of a heartbeat; `true` when the worker certainly does not know of the claim. */
  observe(claim: string, { beat, isTold }: { readonly beat: number; readonly isTold: boolean }): boolean {
    if (isTold) {
      this.#seen.delete(claim);
      return false;
    }
    const firstBeat = this.#seen.get(claim);
    if (firstBeat === undefined) {
      if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
      this.#seen.set(claim, beat);
      return false;
    }
    if (beat < firstBeat + CERTAIN_BEATS) return false;
    this.#seen.delete(claim);
    return true;
  }
}

const CERTAIN_BEATS = 2;
/** Forgetting only delays a finding. */
const MAX_SEEN = 10_000;
