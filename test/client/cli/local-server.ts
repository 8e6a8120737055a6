import { onTestFinished } from "vitest";
import { ensureFirstAdmin } from "../../../api/access/first-admin.ts";
import { createApi } from "../../../api/app.ts";
import type { Core } from "../../../core/services/core.ts";
import { openEngine } from "../../../adapters/embedded/engine.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type Outcome, runCli, type World } from "./run-cli.ts";

/** The real API on a store of its own, in this process. Nothing schedules or executes: what is triggered stays queued. */
export interface LocalServer {
  readonly core: Core;
  /** Runs the command against it, with the admin token. */
  readonly cli: (argv: readonly string[], world?: World) => Promise<Outcome>;
}

export async function openLocalServer(): Promise<LocalServer> {
  const engine = openEngine({ folder: temporaryFolder(), durability: "normal", checkpoint: false });
  onTestFinished(() => engine.close());
  const { core, logs } = engine;
  const api = createApi({
    core,
    logs,
    access: { rateLimits: false },
    limits: { minIntervalMs: 1_000 },
    health: () => Promise.resolve({ ready: true, scheduler: { shards: [], lastRoundAgeMs: 0 } }),
    logger: (event) => {
      if (event.event === "failure") throw event.error;
    },
  });
  const token = await ensureFirstAdmin(core);
  const env = { CARILLON_TOKEN: token ?? "", CARILLON_URL: "http://127.0.0.1:4680" };
  return { core, cli: (argv, world) => runCli(argv, { fetch: (url, init) => api.request(url, init), env, ...world }) };
}
