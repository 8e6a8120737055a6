/** Six to a letter, lowest first: the letters of base64url in their order. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BITS = 6;

/** A set of whole numbers from 0, as a text that grows with the greatest of them: 10,000 take 1.7 KB. */
export type Bits = string;

export const NO_BITS: Bits = "";

export function hasBit(bits: Bits, index: number): boolean {
  return (valueAt(bits, Math.floor(index / BITS)) & (1 << (index % BITS))) !== 0;
}

export function withBit(bits: Bits, index: number): Bits {
  const place = Math.floor(index / BITS);
  const padded = bits.padEnd(place + 1, LETTERS.charAt(0));
  const letter = LETTERS.charAt(valueAt(padded, place) | (1 << (index % BITS)));
  return padded.slice(0, place) + letter + padded.slice(place + 1);
}

/** How many numbers of the set are not below `from`. */
export function countBits(bits: Bits, from: number): number {
  let count = 0;
  for (let index = from; index < bits.length * BITS; index += 1) if (hasBit(bits, index)) count += 1;
  return count;
}

function valueAt(bits: Bits, place: number): number {
  return Math.max(0, LETTERS.indexOf(bits.charAt(place) || LETTERS.charAt(0)));
}
