/** What requests of one kind have consumed, in the units by which services charge. */
export interface Consumption {
  /** Requests made, failed ones included. */
  readonly requests: number;
  /** Requests as they are charged: SQS and SNS count each 64 KB begun, the HTTP API each 512 KB, the others each request. */
  readonly chargedRequests: number;
  /** DynamoDB read request units. */
  readonly readUnits: number;
  /** DynamoDB write request units; those of refused conditional writes included, as AWS charges them. */
  readonly writeUnits: number;
  /** Bytes taken in: log lines and their overhead for CloudWatch Logs, else bodies of requests. */
  readonly bytes: number;
  /** Time that compute was in use, milliseconds. */
  readonly computeMs: number;
  /** Compute time × memory, GB-milliseconds. */
  readonly gbMs: number;
}

/** Who asked which service for what: `caller` is the name of a function, or `task/<pool>`, or `client`. */
export interface MeterKey {
  readonly service: string;
  readonly action: string;
  readonly caller: string;
}

export interface MeterLine extends MeterKey, Consumption {}

/** All that was consumed up to some instant, a line for each kind of request, in the order of first appearance. */
export type MeterReading = readonly MeterLine[];

const NOTHING: Consumption = {
  requests: 0,
  chargedRequests: 0,
  readUnits: 0,
  writeUnits: 0,
  bytes: 0,
  computeMs: 0,
  gbMs: 0,
};
const QUANTITIES = Object.keys(NOTHING) as (keyof Consumption)[];

/** Adds up what passes through the cloud test host. */
export class Meter {
  readonly #lines = new Map<string, MeterLine>();

  record(key: MeterKey, consumed: Partial<Consumption>): void {
    const id = idOf(key);
    const before = this.#lines.get(id) ?? { ...key, ...NOTHING };
    this.#lines.set(id, { ...before, ...combine(before, { ...NOTHING, ...consumed }, 1) });
  }

  snapshot(): MeterReading {
    return [...this.#lines.values()];
  }
}

/** What was consumed between two readings of one meter; kinds of requests that did not occur are left out. */
export function difference(later: MeterReading, earlier: MeterReading): MeterReading {
  const before = new Map(earlier.map((line) => [idOf(line), line]));
  return later
    .map((line) => ({ ...line, ...combine(line, before.get(idOf(line)) ?? NOTHING, -1) }))
    .filter((line) => QUANTITIES.some((quantity) => line[quantity] !== 0));
}

/** The sum over all lines that agree with `filter`. */
export function total(reading: MeterReading, filter: Partial<MeterKey> = {}): Consumption {
  const wanted = Object.entries(filter) as [keyof MeterKey, string][];
  return reading
    .filter((line) => wanted.every(([name, value]) => line[name] === value))
    .reduce<Consumption>((sum, line) => combine(sum, line, 1), NOTHING);
}

function combine(left: Consumption, right: Consumption, sign: 1 | -1): Consumption {
  const sums = QUANTITIES.map((quantity) => [quantity, left[quantity] + sign * right[quantity]]);
  return Object.fromEntries(sums) as Record<keyof Consumption, number>;
}

function idOf({ service, action, caller }: MeterKey): string {
  return `${caller}\n${service}\n${action}`;
}
