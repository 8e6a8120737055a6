/** Number of the last row of the catalogue of bad inputs. */
export const LAST = 104;

/** A row of the catalogue: `B1` to `B104`. */
export type Id = `B${number}`;

export const IDS: readonly Id[] = Array.from({ length: LAST }, (_, index): Id => `B${index + 1}`);
