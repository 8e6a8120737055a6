import { setTimeout } from "node:timers/promises";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { Draws } from "../draws.ts";
import type { Journal } from "../journal.ts";
import type { HarmTally } from "./tally.ts";

/** One kind of harm, and how much of it there is: a share of all kills, or so many a minute and at least one. */
export interface HarmKind<C> {
  readonly share?: number;
  readonly perMinute?: number;
  /** Resolves with `false` when there was nothing to do it to. */
  readonly harm: (context: C, random: SeededRandom, name: string) => Promise<boolean>;
  /** Done in its place when there is nothing to do it to. */
  readonly otherwise?: HarmKind<C>["harm"];
}

export interface PlannedHarm {
  /** From the beginning of the round. */
  readonly atMs: number;
  readonly kind: string;
  /** Names it, also for its draws. */
  readonly name: string;
}

export interface PlanOptions {
  readonly minutes: number;
  readonly kills: number;
  /** Kinds of harm; all when empty. */
  readonly only: readonly string[];
}

/**
 * What is done when, drawn from the seed: each kind is spread over the round, and falls where it falls in its stretch.
 *
 * @throws {Error} when `only` names a kind that there is not
 */
export function planHarm(
  draws: Draws,
  kinds: Readonly<Record<string, HarmKind<never>>>,
  { minutes, kills, only }: PlanOptions,
): readonly PlannedHarm[] {
  const stranger = only.find((kind) => !Object.hasOwn(kinds, kind));
  if (stranger !== undefined)
    throw new Error(`Cannot do ${JSON.stringify(stranger)}: the kinds are ${Object.keys(kinds).join(", ")}`);
  const chosen = Object.entries(kinds).filter(([kind]) => only.length === 0 || only.includes(kind));
  const shares = chosen.reduce((sum, [, { share = 0 }]) => sum + share, 0);
  const planned = chosen.flatMap(([kind, { share, perMinute = 0 }]) => {
    const wanted = share === undefined ? perMinute * minutes : (kills * share) / shares;
    const count = Math.max(1, Math.round(wanted));
    return Array.from({ length: count }, (_, index): PlannedHarm => {
      const name = `${kind} ${index + 1}`;
      const place = (index + draws.at(`when ${name}`).next()) / count;
      return { atMs: place * minutes * 60_000, kind, name };
    });
  });
  return planned.sort((a, b) => a.atMs - b.atMs);
}

/** What harm of any kind needs to be done by plan. */
export interface PlanContext {
  readonly journal: Journal;
  /** Aborted when harm has to end. */
  readonly signal: AbortSignal;
}

const MAX_TRIES = 20;
const TRY_AGAIN_MS = 250;

export interface HarmDoing<C> {
  readonly context: C;
  readonly draws: Draws;
  /** Told what became of all that was planned. */
  readonly tally: HarmTally;
  /** Until what found no target looks for one again. Default 250. */
  readonly tryAgainMs?: number;
}

/**
 * Does what is planned, each at its time; resolves when all of it is over. What finds no target tries again for a while; as
 * long as nothing of its kind was done, until the end of the round.
 */
export async function doHarm<C extends PlanContext>(
  plan: readonly PlannedHarm[],
  kinds: Readonly<Record<string, HarmKind<C>>>,
  doing: HarmDoing<C>,
): Promise<void> {
  const { signal } = doing.context;
  await Promise.all(
    plan.map(async (planned) => {
      await setTimeout(planned.atMs, undefined, { signal }).catch(() => undefined);
      await doOne(planned, kinds[planned.kind], doing);
    }),
  );
}

async function doOne<C extends PlanContext>(
  { kind, name }: PlannedHarm,
  harmKind: HarmKind<C> | undefined,
  { context, draws, tally, tryAgainMs = TRY_AGAIN_MS }: HarmDoing<C>,
): Promise<void> {
  const { signal, journal } = context;
  const random = draws.at(name);
  let tries = 0;
  try {
    for (; !signal.aborted && (tries < MAX_TRIES || !tally.isDone(kind)); tries += 1) {
      if ((await harmKind?.harm(context, random, name)) === true) return tally.note(kind, "done");
      if ((await harmKind?.otherwise?.(context, random, name)) === true) return tally.note(kind, "replaced");
      await setTimeout(tryAgainMs, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    journal.note(`${name} failed: ${String(error)}`);
    return tally.note(kind, "failed", String(error));
  }
  const isCutShort = tries < MAX_TRIES;
  journal.note(`${name} ${isCutShort ? "was cut short by the end of the round" : "found nothing to do it to"}`);
  tally.note(kind, isCutShort ? "cutShort" : "withoutTarget");
}
