import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { CarillonClient } from "../../client/sdk/client.ts";
import { check } from "./check/check.ts";
import type { CopyFinding, Violation } from "./check/history.ts";
import { Counts } from "./counts.ts";
import { Draws } from "./draws.ts";
import { readEffects } from "./effects.ts";
import { EmbeddedHost } from "./embedded-host.ts";
import { FencedWatch } from "./fenced-watch.ts";
import type { HarmContext } from "./harm/harm.ts";
import { EMBEDDED_HARMS } from "./harm/embedded-harms.ts";
import { doHarm, planHarm } from "./harm/plan.ts";
import { HarmTally } from "./harm/tally.ts";
import { Journal } from "./journal.ts";
import { Proxy } from "./proxy.ts";
import { readJobs } from "./read-jobs.ts";
import { checkLogs } from "./check/logs.ts";
import { makeReport, type Report } from "./report.ts";
import { settle } from "./settle.ts";
import { Control } from "./shims/control.ts";
import { Workload } from "./workload.ts";

export interface RoundOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly kills: number;
  readonly servers: number;
  /** Worker processes of each server. */
  readonly workers: number;
  /** Jobs besides that are due every second. @default 0 */
  readonly load?: number;
  readonly only: readonly string[];
  /** Longest freeze or outage. */
  readonly longestMs: number;
  /** How long everything may take to come to rest when harm has ended. */
  readonly settleWithinMs: number;
  /** Told each line of the journal. */
  readonly print?: (line: string) => void;
}

export interface RoundResult {
  readonly report: Report;
  readonly violations: readonly Violation[];
  readonly journal: Journal;
  /** Where data, logs, effects and journal are; only when something was violated. */
  readonly folder?: string;
}

/** Between the two last readings, in which nothing may change. */
const REREAD_AFTER_MS = 2_500;

/** Plays a round on the embedded body: harm first, then everything is healed and must come to rest; then it is judged. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const { seed, minutes, servers, workers, load = 0, longestMs } = options;
  const folder = mkdtempSync(join(tmpdir(), "carillon-chaos-"));
  const control = new Control(join(folder, "control"));
  const hostNowMs = () => control.hostNowMs();
  const journal = new Journal(hostNowMs, options.print);
  const counts = new Counts();
  const tally = new HarmTally();
  const draws = new Draws(seed);
  const effectsPath = join(folder, "effects.log");
  const host = new EmbeddedHost({ folder, effectsPath, servers, workers, controlPath: control.path, journal });
  const proxy = new Proxy(
    () => host.servers.map(({ url }) => url),
    draws,
    (fate) => counts.add(`requests.${fate}`),
  );
  const copies: CopyFinding[] = [];
  const ended = new AbortController();
  let isSound = false;
  try {
    await host.open();
    await proxy.listen();
    const { token } = host;
    const workload = new Workload({
      url: proxy.url,
      token,
      effectsPath,
      draws,
      load,
      latestHostMs: () => control.latestMs(),
    });
    const fenced = new FencedWatch(host, token);
    await workload.define();
    const context: HarmContext = {
      host,
      control,
      proxy,
      workload,
      effectsPath,
      folder,
      journal,
      counts,
      copies,
      longestMs,
      signal: ended.signal,
    };
    const working = workload.run(ended.signal);
    const watching = fenced.run(ended.signal);
    const doing = doHarm(planHarm(draws, EMBEDDED_HARMS, options), EMBEDDED_HARMS, { context, draws, tally });
    const all = Promise.all([doing, working, watching]);
    // Nothing of it ends before it is told to, unless it fails.
    await Promise.race([setTimeout(minutes * 60_000), all]);
    journal.note("Harm ends");
    ended.abort();
    await all;
    control.mendClock();

    const healingSinceMs = performance.now();
    await host.whole();
    const client = () => new CarillonClient({ url: host.url, token });
    await workload.end(host.url);
    const first = await settle(client, { workload, hostNowMs, withinMs: options.settleWithinMs });
    const healedAfterMs = performance.now() - healingSinceMs;
    journal.note(`At rest after ${Math.round(healedAfterMs)} ms`);
    await setTimeout(REREAD_AFTER_MS);
    const second = await readJobs(client(), workload.jobs, hostNowMs());
    const logBytes = statSync(`${host.databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    await host.close();
    const history = {
      operations: workload.operations,
      effects: readEffects(effectsPath),
      finals: [...workload.finals.values()],
      first,
      second,
      copies,
      integrity: await checkIntegrity(host.databasePath),
    };
    const logs = checkLogs(join(folder, "logs"));
    const violations = [...check(history), ...logs, ...lateEnds(counts), ...tally.undone()];
    isSound = violations.length === 0;
    const report = makeReport(history, {
      seed,
      minutes,
      tally,
      counts,
      healedAfterMs,
      violations,
      fenced: fenced.count,
      logBytes,
    });
    return { report, violations, journal, ...(isSound ? {} : { folder }) };
  } finally {
    // Should the round have failed: what holds the database lets go of it, and nothing more is started.
    ended.abort();
    await proxy.close();
    await host.kill();
    control.close();
    if (isSound) rmSync(folder, { recursive: true, force: true });
    else writeFileSync(join(folder, "journal.log"), journal.lines().join("\n"));
  }
}

function lateEnds(counts: Counts): readonly Violation[] {
  const late = counts.of("terminations.late");
  return late === 0 ? [] : [{ kind: "failed", text: `${late} servers did not end in time after SIGTERM` }];
}

/** In a process of its own, after all others have ended. */
async function checkIntegrity(path: string): Promise<string> {
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    const row = new DatabaseSync(process.argv[1]).prepare("PRAGMA integrity_check").get();
    process.stdout.write(row.integrity_check);`;
  return (await promisify(execFile)(process.execPath, ["-e", program, path])).stdout;
}
