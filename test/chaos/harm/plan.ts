import { setTimeout } from "node:timers/promises";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { Draws } from "../draws.ts";
import type { Journal } from "../journal.ts";

/** One kind of harm, and how much of it there is: a share of all kills, or so many a minute and at least one. */
export interface HarmKind<C> {
  readonly share?: number;
  readonly perMinute?: number;
  /** Resolves with `false` when there was nothing to do it to. */
  readonly harm: (context: C, random: SeededRandom, name: string) => Promise<boolean>;
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

/** Does what is planned, each at its time; resolves when all of it is over. What finds no target tries again for a while. */
export async function doHarm<C extends PlanContext>(
  plan: readonly PlannedHarm[],
  kinds: Readonly<Record<string, HarmKind<C>>>,
  { context, draws }: { readonly context: C; readonly draws: Draws },
): Promise<void> {
  await Promise.all(
    plan.map(async ({ atMs, kind, name }) => {
      await setTimeout(atMs, undefined, { signal: context.signal }).catch(() => undefined);
      await doOne(name, kinds[kind], { context, draws });
    }),
  );
}

async function doOne<C extends PlanContext>(
  name: string,
  kind: HarmKind<C> | undefined,
  { context, draws }: { readonly context: C; readonly draws: Draws },
): Promise<void> {
  const { signal, journal } = context;
  const random = draws.at(name);
  for (let round = 0; round < MAX_TRIES && !signal.aborted; round += 1) {
    try {
      if ((await kind?.harm(context, random, name)) === true) return;
    } catch (error) {
      return journal.note(`${name} failed: ${String(error)}`);
    }
    await setTimeout(TRY_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  journal.note(`${name} found nothing to do it to`);
}
