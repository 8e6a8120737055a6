import { uptimeMs } from "./uptime.ts";

export interface JournalEntry {
  readonly atUptimeMs: number;
  /** What the clocks of the processes under test said. */
  readonly hostAt: string;
  readonly text: string;
}

/** What was done to the platform and what it said, in order: to be read around a violation. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #hostNowMs: () => number;
  readonly #print: ((line: string) => void) | undefined;

  constructor(hostNowMs: () => number, print?: (line: string) => void) {
    this.#hostNowMs = hostNowMs;
    this.#print = print;
  }

  note(text: string): void {
    const entry = { atUptimeMs: uptimeMs(), hostAt: new Date(this.#hostNowMs()).toISOString(), text };
    this.entries.push(entry);
    this.#print?.(lineOf(entry));
  }

  lines(): readonly string[] {
    return this.entries.map(lineOf);
  }

  /** Lines of what was noted within `aroundMs` of an instant. */
  around({ atUptimeMs, atHostMs }: { atUptimeMs?: number; atHostMs?: number }, aroundMs: number): readonly string[] {
    const distanceMs = (entry: JournalEntry): number =>
      atUptimeMs === undefined
        ? Math.abs(Date.parse(entry.hostAt) - (atHostMs ?? Number.NaN))
        : Math.abs(entry.atUptimeMs - atUptimeMs);
    return this.entries.filter((entry) => distanceMs(entry) <= aroundMs).map(lineOf);
  }
}

function lineOf({ atUptimeMs, hostAt, text }: JournalEntry): string {
  return `${(atUptimeMs / 1_000).toFixed(2)} ${hostAt} ${text}`;
}
