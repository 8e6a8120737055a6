/** The reading of a local clock, without offset: `2026-03-08T02:30:00`, with milliseconds when there are any. */
export function localText(localMs: number): string {
  return new Date(localMs).toISOString().replace(/(?:\.000)?Z$/, "");
}

/** An instant as local time with its offset: `2026-03-08T03:00:00-04:00`. */
export function localTextWithOffset(atMs: number, offsetMs: number): string {
  return localText(atMs + offsetMs) + offsetText(offsetMs);
}

function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1_000;
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  // Seconds occur in offsets before 1972 only.
  if (seconds % 60 !== 0) parts.push(seconds % 60);
  return (offsetMs < 0 ? "-" : "+") + parts.map((part) => String(part).padStart(2, "0")).join(":");
}
