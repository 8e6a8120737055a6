const PAUSE_MS = 50;

/** Looks again and again until `look` finds something; the time-out of the test bounds it. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
