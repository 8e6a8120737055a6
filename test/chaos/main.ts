import { parseArgs } from "node:util";
import { HARMS, type HarmName } from "./harm/plan.ts";
import { playRound } from "./round.ts";

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
 */
const HELP = `Usage: npm run chaos -- [options]

  --minutes M      how long harm is done (default 5)
  --seed N         what is done when, and to whom (default: drawn, and printed)
  --kills N        processes killed (default 40 a minute)
  --servers N      servers on the data folder (default 3)
  --workers N      worker processes of each (default 2)
  --only KIND,…    kinds of harm: ${Object.keys(HARMS).join(", ")}
  --quiet          no journal, only the ledger
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string" },
    kills: { type: "string" },
    servers: { type: "string", default: "3" },
    workers: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const AROUND_MS = 8_000;
const MAX_SHOWN = 20;

if (values.help) process.stdout.write(HELP);
else process.exitCode = await play();

async function play(): Promise<number> {
  const minutes = Number(values.minutes);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  process.stdout.write(`Seed ${seed}\n`);
  const { report, violations, journal, folder } = await playRound({
    seed,
    minutes,
    kills: values.kills === undefined ? Math.round(40 * minutes) : Number(values.kills),
    servers: Number(values.servers),
    workers: Number(values.workers),
    only: kindsOf(values.only),
    longestMs: 20_000,
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

function kindsOf(list: string): readonly HarmName[] {
  const kinds = list.split(",").filter((kind) => kind !== "");
  const stranger = kinds.find((kind) => !Object.hasOwn(HARMS, kind));
  if (stranger !== undefined)
    throw new Error(`Cannot do ${JSON.stringify(stranger)}: the kinds are ${Object.keys(HARMS).join(", ")}`);
  return kinds as HarmName[];
}
