import { KeyedDraws } from "../kernel/keyed-draws.ts";

/**
 * Draws that leave nothing to chance: every one falls in the middle, so that all calls take equally long and processes that
 * start together go in step; only what a script has said of a call lasts as long as it says.
 */
export class SteadyDraws extends KeyedDraws {
  readonly #durations = new Map<string, number>();

  constructor() {
    super(0);
  }

  /** Lets what befalls a call (a freeze, a slow leg, a late effect) last so long. */
  last(call: string, ms: number): void {
    this.#durations.set(call, ms);
  }

  override draw(): number {
    return 0.5;
  }

  /** An even chance comes true, and with it all parts of a batch. */
  override isIn(share: number): boolean {
    return share >= 0.5;
  }

  override magnitude(least: number, most: number, name: string): number {
    for (const [call, ms] of this.#durations) if (name.endsWith(` ${call}`)) return ms;
    return super.magnitude(least, most, name);
  }
}
