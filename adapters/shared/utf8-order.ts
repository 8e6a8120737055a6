const SURROGATE = /[\ud800-\udfff]/;

/** The order of keys in every table: by the bytes of UTF-8. That of `<`, by UTF-16 units, is the same unless there are surrogates. */
export function isBelow(left: string, right: string): boolean {
  if (!SURROGATE.test(left) && !SURROGATE.test(right)) return left < right;
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
}
