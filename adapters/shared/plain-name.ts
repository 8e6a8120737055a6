import { createHash } from "node:crypto";

/**
 * A name that means nothing to whoever keeps it: letters, digits and `@ . _ -` stay (a dot not in front), other characters
 * become `%` and the hex of their UTF-8 bytes. One that is too long is cut and told apart by its hash.
 *
 * @param maxLength - at least 66
 */
export function plainName(text: string, maxLength: number): string {
  const encoded = text.replace(/^\.|[^A-Za-z0-9@._-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  if (encoded.length <= maxLength) return encoded;
  const hash = createHash("sha256").update(text).digest("hex");
  return `${encoded.slice(0, maxLength - hash.length - 1)}~${hash}`;
}
