import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CarillonClient } from "../../../client/sdk/client.ts";
import { Cloud } from "../../cloud/host/cloud.ts";
import { check } from "../check/check.ts";
import { Counts } from "../counts.ts";
import { Draws } from "../draws.ts";
import { readEffects } from "../effects.ts";
import { doHarm, planHarm } from "../harm/plan.ts";
import { HarmTally } from "../harm/tally.ts";
import { Journal } from "../journal.ts";
import { Proxy } from "../proxy.ts";
import { readJobs } from "../read-jobs.ts";
import { makeReport } from "../report.ts";
import type { RoundOptions, RoundResult } from "../round.ts";
import { settle } from "../settle.ts";
import { Workload } from "../workload.ts";
import { CLOUD_HARMS } from "./cloud-harms.ts";

const HANDLERS = fileURLToPath(new URL("../handlers", import.meta.url));
const REREAD_AFTER_MS = 2_500;

/**
 * Plays a round on the AWS body: the synthesised templates over emulators, the built functions in threads of this process,
 * and real worker processes. Clock, disk and loss of power are the services' own affair and not harmed here.
 */
export async function playCloudRound(options: RoundOptions): Promise<RoundResult> {
  const { seed, minutes, load = 0, longestMs, settleWithinMs } = options;
  const folder = mkdtempSync(join(tmpdir(), "carillon-chaos-"));
  const journal = new Journal(Date.now, options.print);
  const counts = new Counts();
  const tally = new HarmTally();
  const draws = new Draws(seed);
  const effectsPath = join(folder, "effects.log");
  const pool = { cpu: 256, memoryMb: 512, slots: 16, maxTasks: 3 } as const;
  const cloud = await Cloud.start({ configuration: { pools: { default: pool } }, handlersFolder: HANDLERS });
  const proxy = new Proxy(
    () => [cloud.url],
    draws,
    (fate) => counts.add(`requests.${fate}`),
  );
  let isSound = false;
  try {
    await proxy.listen();
    const token = await cloud.token();
    const workload = new Workload({
      url: proxy.url,
      token,
      effectsPath,
      draws,
      load,
      latestHostMs: Date.now,
      // All services and functions share this process, which has one thread for what is not a function.
      scheduled: ["tick", "command", "exclusive", "flaky"],
      slowness: 4,
    });
    await workload.define();
    const ended = new AbortController();
    const { signal } = ended;
    const context = { cloud, proxy, effectsPath, counts, draws, longestMs, journal, signal };
    const all = Promise.all([
      doHarm(planHarm(draws, CLOUD_HARMS, options), CLOUD_HARMS, { context, draws, tally }),
      workload.run(signal),
    ]);
    await Promise.race([setTimeout(minutes * 60_000), all]);
    journal.note("Harm ends");
    ended.abort();
    await all;

    const healingSinceMs = performance.now();
    const client = () => new CarillonClient({ url: cloud.url, token });
    await workload.end(cloud.url);
    const first = await settle(client, { workload, hostNowMs: Date.now, withinMs: settleWithinMs });
    const healedAfterMs = performance.now() - healingSinceMs;
    journal.note(`At rest after ${Math.round(healedAfterMs)} ms`);
    await setTimeout(REREAD_AFTER_MS);
    const second = await readJobs(client(), workload.jobs, Date.now());
    const { operations } = workload;
    const effects = readEffects(effectsPath);
    const history = { operations, effects, finals: [...workload.finals.values()], first, second, copies: [] };
    const violations = [...check(history), ...tally.undone()];
    isSound = violations.length === 0;
    const told = { seed, minutes, tally, counts, healedAfterMs, violations, fenced: 0, logBytes: 0 };
    const report = makeReport(history, told);
    return { report, violations, journal, ...(isSound ? {} : { folder }) };
  } finally {
    await proxy.close();
    await cloud.close();
    if (isSound) rmSync(folder, { recursive: true, force: true });
    else writeFileSync(join(folder, "journal.log"), journal.lines().join("\n"));
  }
}
