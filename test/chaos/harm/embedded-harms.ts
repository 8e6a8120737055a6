import { killChild } from "./attempts.ts";
import { freezeServer, freezeWorker } from "./freezes.ts";
import type { HarmContext } from "./harm.ts";
import { extraServer, killServer, killWorker, terminateServer } from "./kills.ts";
import { breakConnections } from "./connections.ts";
import { fillDisk, holdLock, readLong, stepClock } from "./outages.ts";
import type { HarmKind } from "./plan.ts";
import { copyData } from "./power.ts";

/** All kinds of harm to the embedded body. */
export const EMBEDDED_HARMS: Readonly<Record<string, HarmKind<HarmContext>>> = {
  "kill-server": { share: 0.13, harm: killServer },
  // Workers that die often are started again ever later, those of a new server at once; without workers no attempt is made.
  "kill-worker": { share: 0.37, harm: killWorker, otherwise: killServer },
  "kill-child": { share: 0.5, harm: killChild, otherwise: killServer },
  "freeze-server": { perMinute: 2.5, harm: freezeServer },
  "freeze-worker": { perMinute: 6, harm: freezeWorker },
  terminate: { perMinute: 1, harm: terminateServer },
  "extra-server": { perMinute: 0.6, harm: extraServer },
  "disk-full": { perMinute: 1.2, harm: fillDisk },
  busy: { perMinute: 1.6, harm: holdLock },
  "long-reader": { perMinute: 0.8, harm: readLong },
  clock: { perMinute: 1.6, harm: stepClock },
  connections: { perMinute: 3, harm: breakConnections },
  "power-loss": { perMinute: 8, harm: copyData },
};
