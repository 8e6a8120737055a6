import type { Pacer } from "../../core/services/pace.ts";
import type { Platform, platformRoutes } from "../contract/platform-routes.ts";
import { iso } from "../present/iso.ts";
import type { HandlersOf } from "./handler.ts";

export const platformHandlers: HandlersOf<typeof platformRoutes> = {
  async getPlatform(_call, { pacer }) {
    return { status: 200, body: await presentPlatform(pacer) };
  },

  async pausePlatform({ body: { note }, principal: { name: by } }, { pacer }) {
    const changed = !(await pacer.isStopped());
    // Also when it is paused already: its timer may not be, after a crash in between.
    await pacer.stop({ by, ...(note === undefined ? {} : { note }) });
    return { status: 200, body: await presentPlatform(pacer), changed };
  },

  async resumePlatform(_call, { pacer }) {
    const changed = await pacer.isStopped();
    await pacer.go();
    return { status: 200, body: await presentPlatform(pacer), changed };
  },
};

async function presentPlatform(pacer: Pacer): Promise<Platform> {
  const stop = await pacer.findStop();
  if (stop === undefined) return { dispatching: true };
  const { atMs, by, note } = stop;
  return {
    dispatching: false,
    pausedAt: iso(atMs),
    ...(by === undefined ? {} : { pausedBy: by }),
    ...(note === undefined ? {} : { note }),
  };
}
