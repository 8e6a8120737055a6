import { setTimeout } from "node:timers/promises";
import { type Found, signal } from "../processes.ts";
import type { Harm, HarmContext } from "./harm.ts";

/** Stops a worker for longer than others wait for its heartbeat, most times; what it had is taken over, and it comes back. */
export const freezeWorker: Harm = async (context, random) => {
  const workers = context.host.workers();
  if (workers.length === 0) return false;
  return freeze(context, { kind: "worker", found: random.pick(workers), ms: random.between(1_000, context.longestMs) });
};

export const freezeServer: Harm = async (context, random) => {
  const servers = context.host.servers.filter(({ isLeaving }) => !isLeaving);
  if (servers.length === 0) return false;
  const ms = random.between(1_000, context.longestMs);
  return freeze(context, { kind: "server", found: random.pick(servers).process, ms });
};

async function freeze(
  { journal, counts, signal: end }: HarmContext,
  { kind, found, ms }: { kind: string; found: Found; ms: number },
): Promise<boolean> {
  if (!signal(found, "SIGSTOP")) return false;
  counts.add(`freezes.${kind}`);
  journal.note(`SIGSTOP to ${kind} ${found.pid} for ${ms} ms`);
  await setTimeout(ms, undefined, { signal: end }).catch(() => undefined);
  signal(found, "SIGCONT");
  journal.note(`SIGCONT to ${kind} ${found.pid}`);
  return true;
}
