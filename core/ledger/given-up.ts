/** Slots in [fromMs, toMs], epoch milliseconds, that one walk has given up. */
export interface GivenUp {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Told apart no more than so many in one entry; it is moved at each visit. */
const MAX_TOLD_APART = 100;

/**
 * What a walk has given up, oldest first, with what it gives up now.
 *
 * @param sinceMs - stretches that end before it are forgotten: their slots are settled, and can't start any more
 */
export function withGivenUp(known: readonly GivenUp[], added: readonly GivenUp[], sinceMs: number): readonly GivenUp[] {
  const kept = [...known, ...added.map(({ fromMs, toMs }) => ({ fromMs, toMs }))].filter(({ toMs }) => toMs >= sinceMs);
  while (kept.length > MAX_TOLD_APART) {
    const [first, second] = kept.splice(0, 2);
    kept.unshift({ fromMs: first?.fromMs ?? sinceMs, toMs: second?.toMs ?? sinceMs });
  }
  return kept;
}

/** What is given up by both. */
export function givenUpByBoth(one: readonly GivenUp[], other: readonly GivenUp[]): readonly GivenUp[] {
  return one.flatMap((a) =>
    other
      .map((b) => ({ fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) }))
      .filter(({ fromMs, toMs }) => fromMs <= toMs),
  );
}

/** What is given up behind an instant. */
export function givenUpAfter(stretches: readonly GivenUp[], atMs: number): readonly GivenUp[] {
  return stretches
    .filter(({ toMs }) => toMs > atMs)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, atMs + 1), toMs }));
}
