import { setTimeout } from "node:timers/promises";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { Counts } from "../counts.ts";
import { type Found, signal } from "../processes.ts";
import type { Harm } from "./harm.ts";
import type { PlanContext } from "./plan.ts";

/** What is needed to freeze a process, whatever body it is of. */
export interface FreezeContext extends PlanContext {
  readonly counts: Counts;
  readonly longestMs: number;
}

/** Stops a worker for longer than others wait for its heartbeat, most times; what it had is taken over, and it comes back. */
export const freezeWorker: Harm = (context, random) =>
  freezeOne(context, { kind: "worker", among: context.host.workers(), random });

export const freezeServer: Harm = (context, random) => {
  const servers = context.host.servers.filter(({ isLeaving }) => !isLeaving);
  return freezeOne(context, { kind: "server", among: servers.map(({ process }) => process), random });
};

/** Stops one of some processes for a while; resolves with `false` when there is none. */
export async function freezeOne(
  { journal, counts, longestMs, signal: end }: FreezeContext,
  { kind, among, random }: { readonly kind: string; readonly among: readonly Found[]; readonly random: SeededRandom },
): Promise<boolean> {
  if (among.length === 0) return false;
  const found = random.pick(among);
  const ms = random.between(1_000, longestMs);
  if (!signal(found, "SIGSTOP")) return false;
  counts.add(`freezes.${kind}`);
  journal.note(`SIGSTOP to ${kind} ${found.pid} for ${ms} ms`);
  await setTimeout(ms, undefined, { signal: end }).catch(() => undefined);
  signal(found, "SIGCONT");
  journal.note(`SIGCONT to ${kind} ${found.pid}`);
  return true;
}
