import type { Draws } from "../draws.ts";
import { freezeServer, freezeWorker } from "./freezes.ts";
import type { Harm } from "./harm.ts";
import { extraServer, killChild, killServer, killWorker, terminateServer } from "./kills.ts";
import { breakConnections, fillDisk, holdLock, readLong, stepClock } from "./outages.ts";
import { copyData } from "./power.ts";

/** All kinds of harm to the embedded body. */
export const HARMS = {
  "kill-server": killServer,
  "kill-worker": killWorker,
  "kill-child": killChild,
  "freeze-server": freezeServer,
  "freeze-worker": freezeWorker,
  terminate: terminateServer,
  "extra-server": extraServer,
  "disk-full": fillDisk,
  busy: holdLock,
  "long-reader": readLong,
  clock: stepClock,
  connections: breakConnections,
  "power-loss": copyData,
} as const satisfies Record<string, Harm>;

export type HarmName = keyof typeof HARMS;

/** Of all kills. */
const KILL_SHARES: Partial<Record<HarmName, number>> = { "kill-server": 0.13, "kill-worker": 0.37, "kill-child": 0.5 };

/** How often in a minute; each at least once in a round. */
const RATES: Partial<Record<HarmName, number>> = {
  "freeze-server": 2.5,
  "freeze-worker": 6,
  terminate: 1,
  "extra-server": 0.6,
  "disk-full": 1.2,
  busy: 1.6,
  "long-reader": 0.8,
  clock: 1.6,
  connections: 3,
  "power-loss": 8,
};

export interface PlannedHarm {
  /** From the beginning of the round. */
  readonly atMs: number;
  readonly kind: HarmName;
  /** Names it, also for its draws. */
  readonly name: string;
}

export interface PlanOptions {
  readonly minutes: number;
  readonly kills: number;
  /** Kinds of harm; all when empty. */
  readonly only: readonly HarmName[];
}

/** What is done when, drawn from the seed: each kind is spread over the round, and falls where it falls in its stretch. */
export function planHarm(draws: Draws, { minutes, kills, only }: PlanOptions): readonly PlannedHarm[] {
  const kinds = (Object.keys(HARMS) as HarmName[]).filter((kind) => only.length === 0 || only.includes(kind));
  const shares = kinds.reduce((sum, kind) => sum + (KILL_SHARES[kind] ?? 0), 0);
  const planned = kinds.flatMap((kind) => {
    const share = KILL_SHARES[kind];
    const wanted = share === undefined ? (RATES[kind] ?? 0) * minutes : (kills * share) / shares;
    const count = Math.max(1, Math.round(wanted));
    return Array.from({ length: count }, (_, index): PlannedHarm => {
      const name = `${kind} ${index + 1}`;
      const place = (index + draws.at(`when ${name}`).next()) / count;
      return { atMs: place * minutes * 60_000, kind, name };
    });
  });
  return planned.sort((a, b) => a.atMs - b.atMs);
}
