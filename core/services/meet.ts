const GRID_MS = 1_000;

/**
 * An instant to which a visit is put off from now: a whole second. Walks of one version, however many have come about, meet
 * there and become one.
 */
export function meetAtMs(atMs: number): number {
  return Math.ceil(atMs / GRID_MS) * GRID_MS;
}
