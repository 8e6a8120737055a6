/** Entries that one batch request of SQS may have, and messages that one receive may bring. */
export const MAX_BATCH = 10;
/** Requests at once for one call of the port; a client has 50 connections. */
export const MAX_PARALLEL = 16;

export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * Does `work` for each item, `MAX_PARALLEL` at a time; results are in the order of the items. All items are tried even
 * when one fails; then the first failure is thrown.
 */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** SQS keeps time in whole seconds: what must last at least so long is rounded up. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
