/** An instant as the API writes it: `2026-03-08T07:30:00.000Z`. */
export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
