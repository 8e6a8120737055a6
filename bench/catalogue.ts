import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { carillon } from "./carillon.ts";
import { Servers } from "./harness/servers.ts";
import type { Peer, Variant } from "./peer.ts";

export const PEERS_FOLDER = fileURLToPath(new URL("./peers/", import.meta.url));

/** Adapters of other people's products; their packages are installed apart from ours, and maybe not at all. */
const ADAPTERS: ReadonlyMap<string, string> = new Map([
  ["bullmq", "./peers/bullmq.ts"],
  ["pg-boss", "./peers/pg-boss.ts"],
  ["graphile-worker", "./peers/graphile-worker.ts"],
]);

export const PEER_NAMES: readonly string[] = [carillon.name, ...ADAPTERS.keys()];

export function arePeersInstalled(): boolean {
  return existsSync(`${PEERS_FOLDER}node_modules`);
}

export async function loadPeer(name: string): Promise<Peer> {
  if (name === carillon.name) return carillon;
  const path = ADAPTERS.get(name);
  if (path === undefined) throw new Error(`Cannot load peer "${name}": it is none of ${PEER_NAMES.join(", ")}`);
  const module = (await import(new URL(path, import.meta.url).href)) as { readonly peer: Peer };
  return module.peer;
}

/** A peer in one of its variants, written `peer` or `peer@variant`. */
export interface Contender {
  readonly label: string;
  readonly peer: Peer;
  readonly variant: Variant;
}

/** @throws {Error} that says why this one cannot take part here */
export async function contender(label: string): Promise<Contender> {
  const [name = "", variantName = ""] = label.split("@");
  const peer = await loadPeer(name);
  const variant = peer.variants[variantName];
  if (variant === undefined) {
    const known = Object.keys(peer.variants).filter((key) => key !== "");
    throw new Error(`Cannot use variant "${variantName}" of ${name}: it is none of ${known.join(", ")}`);
  }
  const problem = peer.needs === undefined ? undefined : Servers.problem(peer.needs);
  if (problem !== undefined) throw new Error(problem);
  return { label, peer, variant };
}
