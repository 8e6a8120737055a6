import { SeededRandom } from "../support/seeded-random.ts";

/**
 * Draws keyed by what they decide: `at("kill-worker 3")` gives the same ones in every round of a seed, whatever else was
 * drawn before. Real processes are not deterministic; what is done to them and when is.
 */
export class Draws {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  at(key: string): SeededRandom {
    return new SeededRandom(hashOf(`${this.#seed}:${key}`));
  }
}

/** FNV-1a. @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  return hash;
}
