/**
 * The delay that spreads a job's slots: an offset in [0, `jitterMs`), always the same for one job, so that jobs due at
 * one instant start apart while each keeps its rhythm.
 *
 * @param jobKey - `namespace/job`
 * @see http://www.isthe.com/chongo/tech/comp/fnv/ FNV-1a over the UTF-16 units, and MurmurHash3's finaliser
 */
export function jitterOffset(jobKey: string, jitterMs: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < jobKey.length; index++) {
    hash = Math.imul(hash ^ jobKey.charCodeAt(index), 0x01000193);
  }
  // FNV alone leaves keys that differ in the last letter close together in the high bits, which decide here.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return Math.floor(((hash >>> 0) / 2 ** 32) * jitterMs);
}
