/** Does something for each of many, so many at a time. Nothing is begun after some of which one has failed. */
export async function sideBySide<T>(all: readonly T[], max: number, work: (one: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < all.length; i += max) await Promise.all(all.slice(i, i + max).map(work));
}
