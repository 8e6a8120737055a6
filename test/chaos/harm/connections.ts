import { setTimeout } from "node:timers/promises";
import type { Counts } from "../counts.ts";
import type { Proxy } from "../proxy.ts";
import type { HarmKind, PlanContext } from "./plan.ts";

/** What is needed to harm requests of clients, whatever body they go to. */
export interface ConnectionContext extends PlanContext {
  readonly proxy: Proxy;
  readonly counts: Counts;
  readonly longestMs: number;
}

/** Requests get lost, come late, and are not answered. */
export const breakConnections: HarmKind<ConnectionContext>["harm"] = async (
  { proxy, journal, counts, longestMs, signal },
  random,
) => {
  const share = 0.1 + 0.5 * random.next();
  const ms = random.between(1_000, longestMs);
  counts.add("outages.connections");
  journal.note(`Something happens to ${Math.round(share * 100)} % of requests for ${ms} ms`);
  proxy.setHarm(share);
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  proxy.setHarm(0);
  journal.note("Connections hold again");
  return true;
};
