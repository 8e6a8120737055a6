/** An instant of the API, RFC 3339 in UTC, in a zone and with its offset: `2026-03-08 08:30:00 +01:00`. */
export function localInstant(at: string, timeZone: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const parts = Object.fromEntries(
    formatter(timeZone)
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  const millis = date.getUTCMilliseconds() === 0 ? "" : `.${String(date.getUTCMilliseconds()).padStart(3, "0")}`;
  const offset = (parts["timeZoneName"] ?? "").replace("GMT", "");
  const day = `${parts["year"]}-${parts["month"]}-${parts["day"]}`;
  return `${day} ${parts["hour"]}:${parts["minute"]}:${parts["second"]}${millis}${offset === "" || offset === "+00:00" ? "Z" : ` ${offset}`}`;
}

/** A length of time, to about three figures: `85ms`, `12.3s`, `4m05s`, `2h03m`, `3d04h`. */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** Milliseconds between two instants of the API; `undefined` when one is missing. */
export function elapsedMs(from: string | undefined, to: string | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Date.parse(to) - Date.parse(from);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Making a formatter takes longer than using it a hundred times. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      calendar: "iso8601",
      numberingSystem: "latn",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    });
    formatters.set(timeZone, found);
  }
  return found;
}
