import { parseArgs } from "node:util";
import { EMBEDDED_HARMS } from "./harm/embedded-harms.ts";
import { playRound, type RoundOptions, type RoundResult } from "./round.ts";

/**
 * `npm run chaos`: the whole product in real processes, harmed in every way that a machine knows, and judged from outside.
 *
 * Servers with their workers run on one data folder under a workload that is asked for over the HTTP API; a plan drawn from
 * the seed kills, freezes, fills, holds, steps and breaks what they stand on. Then everything is healed and must come to
 * rest, and a checker that knows the product only by its API compares what was acknowledged, what had its effect and what is
 * recorded. Prints a ledger; exits with 1 when a promise was broken, and shows then what was done around it.
 *
 * - `embedded-host.ts`, `shims/`, `proxy.ts`: the processes, and what they are deceived about
 * - `workload.ts`, `jobs.ts`, `handlers/`, `effects.ts`: what is asked for, and what it leaves outside of Carillon
 * - `harm/`: the harm, and when it is done
 * - `power-loss.ts`, `data-copy.ts`, `verify-copy.ts`: what a loss of power would leave
 * - `check/`: the checker
 * - `cloud/`: the same for the AWS body over emulators (`--body cloud`)
 */
const HELP = `Usage: npm run chaos -- [options]

  --body BODY      embedded (default), or cloud: the built functions and real workers over emulators
  --minutes M      how long harm is done (default 5)
  --seed N         what is done when, and to whom (default: drawn, and printed)
  --kills N        processes killed (default 40 a minute; 20 on the cloud, where a worker takes longer to come back)
  --servers N      servers on the data folder (default 3)
  --workers N      worker processes of each (default 2)
  --load N         jobs besides, each due every second and quick: so many more firings a second (default 0)
  --only KIND,…    kinds of harm: ${Object.keys(EMBEDDED_HARMS).join(", ")};
                   of the cloud: see cloud/cloud-harms.ts
  --quiet          no journal, only the ledger
`;

const { values } = parseArgs({
  options: {
    body: { type: "string", default: "embedded" },
    minutes: { type: "string", default: "5" },
    seed: { type: "string" },
    kills: { type: "string" },
    servers: { type: "string", default: "3" },
    workers: { type: "string", default: "2" },
    load: { type: "string", default: "0" },
    only: { type: "string", default: "" },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const KILLS_A_MINUTE: Readonly<Record<string, number>> = { embedded: 40, cloud: 20 };
const LONGEST_MS = 20_000;
const AROUND_MS = 8_000;
const MAX_SHOWN = 20;

if (values.help) process.stdout.write(HELP);
else process.exitCode = await play();

async function play(): Promise<number> {
  const minutes = Number(values.minutes);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  process.stdout.write(`Seed ${seed}\n`);
  const { report, violations, journal, folder } = await playOn(values.body, {
    seed,
    minutes,
    kills: values.kills === undefined ? Math.round((KILLS_A_MINUTE[values.body] ?? 0) * minutes) : Number(values.kills),
    servers: Number(values.servers),
    workers: Number(values.workers),
    load: Number(values.load),
    only: values.only.split(",").filter((kind) => kind !== ""),
    longestMs: Math.min(LONGEST_MS, (minutes * 60_000) / 5),
    settleWithinMs: 180_000,
    ...(values.quiet ? {} : { print: (line) => void process.stdout.write(`${line}\n`) }),
  });
  for (const violation of violations.slice(0, MAX_SHOWN)) {
    process.stdout.write(`\n${violation.kind}: ${violation.text}\n`);
    for (const line of journal.around(violation, AROUND_MS)) process.stdout.write(`    ${line}\n`);
  }
  if (folder !== undefined)
    process.stdout.write(`\n${violations.length} violations; data, logs and journal in ${folder}\n`);
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  return violations.length === 0 ? 0 : 1;
}

async function playOn(body: string, options: RoundOptions): Promise<RoundResult> {
  if (body === "embedded") return playRound(options);
  if (body !== "cloud") throw new Error(`Cannot play on ${JSON.stringify(body)}: the bodies are embedded and cloud`);
  // Named in a variable: the cloud's host is compiled with the templates that it reads, and not with this.
  const module = "./cloud/cloud-round.ts";
  const { playCloudRound } = (await import(module)) as { playCloudRound: typeof playRound };
  return playCloudRound(options);
}
