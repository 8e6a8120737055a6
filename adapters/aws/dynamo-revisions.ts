const DRAWS_PER_MS = 1_024;

/**
 * Revisions for puts in batches: BatchWriteItem replaces an item without seeing it, so it can't count on from the item's
 * last revision. The clock takes the place of the count (epoch ms × 1,024 + a random draw, below 2^53 until the year
 * 2248): far above every count of single writes, rising within a process, and never the same for two batches but for one
 * chance in 1,024 when two hosts write one item in the same millisecond.
 *
 * It suffices because a revision is compared, never computed with: whoever writes an item in batches never puts it on
 * condition of its revision (the due entries, `core/store/due-index.ts`), and single writes count on from there. Two
 * hosts whose clocks disagree may lower a revision, yet not bring back one that a reader has seen.
 */
export class BatchRevisions {
  #last = 0;

  next(): number {
    const drawn = Date.now() * DRAWS_PER_MS + Math.floor(Math.random() * DRAWS_PER_MS);
    this.#last = Math.max(drawn, this.#last + 1);
    return this.#last;
  }
}
