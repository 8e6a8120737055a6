import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 bits from the platform's secure generator, as 43 characters. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 in hexadecimal. A secret of 256 random bits needs no slow hash: it can't be guessed. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Whether a secret has this hash, in a time that does not tell how near it came. */
export function hasHash(secret: string, hash: string): boolean {
  const given = createHash("sha256").update(secret).digest();
  const expected = new Uint8Array(given.length);
  for (let i = 0; i < expected.length; i += 1) expected[i] = Number.parseInt(hash.slice(2 * i, 2 * i + 2), 16);
  return timingSafeEqual(given, expected) && hash.length === 2 * given.length;
}
