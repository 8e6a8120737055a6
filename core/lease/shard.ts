/** The shard of a job: FNV-1a over the UTF-16 units of `namespace/job`, modulo the number of shards. */
export function shardOf(jobKey: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < jobKey.length; i += 1) {
    hash = Math.imul(hash ^ jobKey.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % shards;
}
