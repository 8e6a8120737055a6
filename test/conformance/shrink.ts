export interface ShrinkOptions<T> {
  /** Whether what is looked for still shows with these items alone, in this order. */
  readonly fails: (items: readonly T[]) => Promise<boolean>;
  /** Lesser forms of one item, the least first. Default: none. */
  readonly simpler?: (item: T) => readonly T[];
  /** How often `fails` is asked at most. Default 600. */
  readonly maxTries?: number;
}

/**
 * A short list that still fails, made from one that does: leaves out ever smaller runs of items as long as the rest still
 * fails, then puts lesser items in place of those that are left. What it gives has failed, unless it is `items` itself.
 *
 * @see https://www.debuggingbook.org/html/DeltaDebugger.html
 */
export async function shrink<T>(
  items: readonly T[],
  { fails, simpler = () => [], maxTries = 600 }: ShrinkOptions<T>,
): Promise<readonly T[]> {
  let least = items;
  let tries = 0;
  // When the tries are used up nothing is better any more, and both loops run out.
  const isBetter = async (fewer: readonly T[]): Promise<boolean> => {
    tries += 1;
    if (tries > maxTries || !(await fails(fewer))) return false;
    least = fewer;
    return true;
  };
  for (let size = Math.ceil(items.length / 2); size >= 1;) {
    const before = least.length;
    // From the end: what made the difference is near it, and what came before is often in vain.
    for (let start = least.length - size; start > -size; start -= size) {
      await isBetter([...least.slice(0, Math.max(0, start)), ...least.slice(start + size)]);
    }
    if (size === 1 && least.length === before) break;
    size = Math.max(1, Math.min(Math.floor(size / 2), least.length));
  }
  for (let index = 0; index < least.length;) {
    const [item] = least.slice(index, index + 1) as [T];
    let isSimplified = false;
    for (const lesser of simpler(item)) {
      isSimplified = await isBetter(least.with(index, lesser));
      if (isSimplified) break;
    }
    if (!isSimplified) index += 1;
  }
  return least;
}
