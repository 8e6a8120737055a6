/**
 * Draws that a seed and a name determine, each by itself: to leave one decision out changes none of the others, so that a
 * failing history can be shrunk.
 *
 * @see https://www.isthe.com/chongo/tech/comp/fnv/ FNV-1a over the UTF-16 units, and MurmurHash3's finaliser
 */
export class KeyedDraws {
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Uniform in [0, 1). */
  draw(name: string): number {
    return uniform(mix(hashOf(name) ^ Math.imul(this.seed, 0x9e3779b1)));
  }

  isIn(share: number, name: string): boolean {
    return this.draw(name) < share;
  }

  /** A number in [least, most), with fractions. */
  within(least: number, most: number, name: string): number {
    return least + (most - least) * this.draw(name);
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number, name: string): number {
    return least + Math.floor((most - least + 1) * this.draw(name));
  }

  /** A number in [least, most) of which each order of magnitude is equally likely. */
  magnitude(least: number, most: number, name: string): number {
    return least * (most / least) ** this.draw(name);
  }

  pick<T>(items: readonly T[], name: string): T {
    const item = items[this.between(0, items.length - 1, name)];
    if (item === undefined) throw new RangeError("Cannot pick from an empty list");
    return item;
  }

  /** Draws for a part of the history, whose names do not meet those of other parts. */
  part(name: string): KeyedDraws {
    return new KeyedDraws(mix(hashOf(name) ^ Math.imul(this.seed, 0x85ebca6b)));
  }
}

/** A text as 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** Spreads 32 bits evenly. */
export function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function uniform(bits: number): number {
  return (bits >>> 0) / 2 ** 32;
}
