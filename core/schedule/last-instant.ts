/** The last instant a schedule may name: the end of the year 2100. */
export const MAX_INSTANT_MS = Date.UTC(2101, 0, 1) - 1;
