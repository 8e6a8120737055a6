import type { Random } from "../../core/ports/random.ts";

/** The platform's generator: good draws, not secrets. */
export class SystemRandom implements Random {
  next(): number {
    return Math.random();
  }
}
