import type { platformRoutes } from "../contract/platform-routes.ts";
import type { HandlersOf } from "./handler.ts";

export const platformHandlers: HandlersOf<typeof platformRoutes> = {
  async getPlatform(_call, { pacer }) {
    return { status: 200, body: { dispatching: !(await pacer.isStopped()) } };
  },

  async pausePlatform(_call, { pacer }) {
    const changed = !(await pacer.isStopped());
    // Also when it is paused already: its timer may not be, after a crash in between.
    await pacer.setStopped(true);
    return { status: 200, body: { dispatching: false }, changed };
  },

  async resumePlatform(_call, { pacer }) {
    const changed = await pacer.isStopped();
    await pacer.setStopped(false);
    return { status: 200, body: { dispatching: true }, changed };
  },
};
