import { setTimeout } from "node:timers/promises";
import { endWithin } from "../embedded-host.ts";
import { signal } from "../processes.ts";
import type { Harm } from "./harm.ts";

/** Longest time in which a server ends in order: 20 s for its attempts, 10 s more for its workers, and some for a slow machine. */
const TERMINATE_WITHIN_MS = 40_000;

/** Kills a server; its workers see that it is gone. */
export const killServer: Harm = ({ host, journal, counts }, random) => {
  const servers = host.servers.filter(({ isLeaving }) => !isLeaving);
  // The last one is left for a moment, or nothing would be there to be harmed for long.
  if (servers.length < 2) return Promise.resolve(false);
  const { id, process } = random.pick(servers);
  const isKilled = signal(process, "SIGKILL");
  if (isKilled) counts.add("kills.server");
  journal.note(`SIGKILL to ${id} (${process.pid})`);
  return Promise.resolve(isKilled);
};

export const killWorker: Harm = ({ host, journal, counts }, random) => {
  const workers = host.workers();
  if (workers.length === 0) return Promise.resolve(false);
  const worker = random.pick(workers);
  const isKilled = signal(worker, "SIGKILL");
  if (isKilled) counts.add("kills.worker");
  journal.note(`SIGKILL to worker ${worker.pid}`);
  return Promise.resolve(isKilled);
};

/** Tells a server to end, which it must do in time. */
export const terminateServer: Harm = async ({ host, journal, counts }, random) => {
  const servers = host.servers.filter(({ isLeaving }) => !isLeaving);
  const server = servers.length === 0 ? undefined : random.pick(servers);
  if (server === undefined) return false;
  server.isLeaving = true;
  journal.note(`SIGTERM to ${server.id} (${server.process.pid})`);
  const isInTime = await endWithin(server.child, "SIGTERM", TERMINATE_WITHIN_MS);
  counts.add(isInTime ? "terminations.in time" : "terminations.late");
  return true;
};

/** Starts one server more on the same file, and ends it after a while, one way or another. */
export const extraServer: Harm = async ({ host, journal, counts, longestMs, signal: end }, random) => {
  const server = await host.start({ isExtra: true }).catch((error: unknown) => {
    journal.note(`An extra start failed: ${String(error)}`);
  });
  if (server === undefined) return false;
  counts.add("extra servers");
  await setTimeout(random.between(1_000, longestMs), undefined, { signal: end }).catch(() => undefined);
  if (random.next() < 0.5) await endWithin(server.child, "SIGTERM", TERMINATE_WITHIN_MS);
  else if (signal(server.process, "SIGKILL")) counts.add("kills.server");
  return true;
};
