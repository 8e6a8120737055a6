import { randomFillSync } from "node:crypto";
import type { Ids } from "../../core/ports/ids.ts";

/** Ids from the platform's secure generator: 12 characters hold 62 bits. */
export class SystemIds implements Ids {
  readonly #pool = new Uint8Array(POOL_BYTES);
  #next = POOL_BYTES;

  short(): string {
    let id = "";
    while (id.length < LENGTH) {
      const byte = this.#draw();
      // Bytes beyond the last whole multiple of 36 are drawn again: they would make the first characters likelier.
      if (byte < FAIR_BYTES) id += ALPHABET[byte % ALPHABET.length];
    }
    return id;
  }

  /** One byte of a pool that is filled at once: a call of the generator for each byte would cost far more. */
  #draw(): number {
    if (this.#next === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    return this.#pool[this.#next++] ?? 0;
  }
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH = 12;
const POOL_BYTES = 4_096;
const FAIR_BYTES = 256 - (256 % ALPHABET.length);
