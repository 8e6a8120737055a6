import { parseArgs } from "node:util";
import { playMany } from "./runner/play-many.ts";
import { playPlants } from "./runner/play-plants.ts";
import { Tally } from "./runner/tally.ts";
import { playHistory } from "./world/history.ts";
import { PROFILE_NAMES, type ProfileName, profileOf } from "./world/profiles.ts";

const HELP = `Usage: npm run sim -- [options]

  --seeds N        histories to play (default 200)
  --from SEED      the first of them (default 1)
  --profile NAME   one of ${PROFILE_NAMES.join(", ")} (default: each seed has its own)
  --leases off     every scheduler believes that it owns everything
  --shrink off     leaves histories that fail as they are
  --replay SEED    plays one history and prints all that happens
  --run TEXT       with --replay: only lines that name it
  --plants         plants known bugs one by one and sees each caught
  --plant NAME     plants one of them
  --processes N    side by side (default 2)
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    profile: { type: "string" },
    leases: { type: "string", default: "on" },
    replay: { type: "string" },
    run: { type: "string" },
    shrink: { type: "string", default: "on" },
    plants: { type: "boolean", default: false },
    plant: { type: "string" },
    processes: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});
const profile = readProfile(values.profile);
const hasLeases = values.leases !== "off";
const processes = wholeNumber("processes", values.processes);

if (values.help) process.stdout.write(HELP);
else if (values.replay !== undefined) process.exitCode = await replay(wholeNumber("replay", values.replay));
else if (values.plants || values.plant !== undefined)
  process.exitCode = await playPlants({ seeds: wholeNumber("seeds", values.seeds), only: values.plant, processes });
else process.exitCode = await play();

/** Plays a batch; prints what failed, and what it came to. */
async function play(): Promise<number> {
  const tally = new Tally();
  await playMany({
    from: wholeNumber("from", values.from),
    count: wholeNumber("seeds", values.seeds),
    profile,
    hasLeases,
    isShrunk: values.shrink !== "off",
    processes,
    onPlayed(played) {
      tally.add(played);
      const { report, isSame, tape } = played;
      const name = `seed=${report.seed} profile=${report.profile}${report.hasLeases ? "" : " leases=off"}`;
      for (const { invariant, what, atMs } of report.violations)
        process.stdout.write(`FAIL ${invariant} ${name} t=${new Date(atMs).toISOString().slice(11, 23)} ${what}\n`);
      if (report.violations.length > 0)
        process.stdout.write(
          `     npm run sim -- --replay ${report.seed} --profile ${report.profile}${report.hasLeases ? "" : " --leases off"}\n`,
        );
      if (tape !== undefined) process.stdout.write(`     shrunk: ${JSON.stringify(tape)}\n`);
      if (!isSame) process.stdout.write(`DIFFERS ${name}\n`);
      return true;
    },
  });
  process.stdout.write(`${tally.lines().join("\n")}\n`);
  return tally.failed === 0 && tally.differing === 0 && !tally.isVacuous ? 0 : 1;
}

async function replay(seed: number): Promise<number> {
  const report = await playHistory({ seed, profile: profile ?? profileOf(seed), hasLeases, tell });
  for (const { invariant, what } of report.violations) process.stdout.write(`FAIL ${invariant} ${what}\n`);
  process.stdout.write(
    `trace ${report.traceHash.toString(16)}, ${report.fired.length} decisions, ${report.events} events\n`,
  );
  return report.violations.length === 0 ? 0 : 1;
}

function tell(line: string): void {
  if (values.run === undefined || line.includes(values.run)) process.stdout.write(`${line}\n`);
}

function readProfile(name: string | undefined): ProfileName | undefined {
  if (name === undefined) return undefined;
  const known = PROFILE_NAMES.find((each) => each === name);
  if (known !== undefined) return known;
  throw new Error(`Cannot use --profile "${name}": it must be one of ${PROFILE_NAMES.join(", ")}`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Cannot use --${name} "${text}": it must be a whole number above 0`);
}
