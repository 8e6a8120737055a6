import { hashOf, mix } from "./keyed-draws.ts";

/** What happens, as one running hash, and as lines of text when somebody wants to read it. */
export class Trace {
  #hash = 0;
  readonly #tell: ((line: string) => void) | undefined;

  constructor(tell?: (line: string) => void) {
    this.#tell = tell;
  }

  /** Equal for equal histories. */
  get hash(): number {
    return this.#hash;
  }

  /** Tells what follows from what was noted. */
  explain(atMs: number, what: () => string): void {
    this.#tell?.(`${clockText(atMs)} ${"".padEnd(12)}   ${what()}`);
  }

  note(atMs: number, who: string, what: string): void {
    this.#hash = mix(this.#hash ^ hashOf(what) ^ hashOf(who) ^ Math.floor(atMs * 1_000));
    this.#tell?.(`${clockText(atMs)} ${who.padEnd(12)} ${what}`);
  }
}

/** Time since the history began, such as `01:17:04.311`. */
export function clockText(ms: number): string {
  return new Date(Math.max(0, Math.floor(ms))).toISOString().slice(11, 23);
}
