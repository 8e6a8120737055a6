import { parseArgs } from "node:util";
import { PEER_NAMES } from "./catalogue.ts";
import { FULL, type Profile, QUICK, type Workload, WORKLOADS } from "./profile.ts";

export interface Options {
  readonly profile: Profile;
  /** Install the peers' packages if they are not there. */
  readonly installPeers: boolean;
  /** Leave the peers out even if they are there. */
  readonly alone: boolean;
  /** Name of the files under `results/`. */
  readonly out: string;
  /** Show the results in `results/<out>.jsonl` again instead of measuring. */
  readonly again: boolean;
  readonly writeReadme: boolean;
}

export const USAGE = `npm run bench -- [contender…] [W1…W7, W5M…] [options]

Contenders: ${PEER_NAMES.join(", ")}; a variant is written bullmq@always.

  --full             windows of 20 s, three repetitions, up to 1,000,000 other jobs: hours
  --peers            install the peers' packages first if they are missing (npm install in bench/peers)
  --alone            without peers
  --repetitions N    --levels 10000,100000    --window-s N    --minutes N (start nothing after that)
  --workflows N      at a time in W7 (default 1,000)
  --out NAME         bench/results/NAME.jsonl and .md; default: the profile's name
  --again            show the results of an earlier run
  --write-readme     put the tables into bench/README.md`;

/** @throws {TypeError} for an option or a name that is not known */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      full: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
      "write-readme": { type: "boolean", default: false },
      repetitions: { type: "string" },
      levels: { type: "string" },
      "window-s": { type: "string" },
      minutes: { type: "string" },
      workflows: { type: "string" },
      out: { type: "string" },
    },
  });
  const base = values.full ? FULL : QUICK;
  const workloads = WORKLOADS.filter((workload) => positionals.includes(workload));
  const contenders = positionals.filter((name) => !isWorkload(name));
  const { repetitions, levels, "window-s": windowS, minutes, workflows } = values;
  return {
    profile: {
      ...base,
      ...(workloads.length === 0 ? {} : { workloads }),
      ...(contenders.length === 0 ? {} : { contenders }),
      ...(repetitions === undefined ? {} : { repetitions: wholeNumber("repetitions", repetitions) }),
      ...(levels === undefined ? {} : { levels: levels.split(",").map((level) => wholeNumber("levels", level)) }),
      // Even, so that it holds whole periods of the jobs of each 2 s.
      ...(windowS === undefined ? {} : { windowMs: 2_000 * Math.ceil(wholeNumber("window-s", windowS) / 2) }),
      ...(workflows === undefined ? {} : { workflows: wholeNumber("workflows", workflows) }),
      ...(minutes === undefined ? {} : { budgetMs: 60_000 * wholeNumber("minutes", minutes) }),
    },
    installPeers: values.peers,
    alone: values.alone,
    out: values.out ?? base.name,
    again: values.again,
    writeReadme: values["write-readme"],
  };
}

function isWorkload(name: string): name is Workload {
  return WORKLOADS.some((workload) => workload === name);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new TypeError(`Cannot use --${name} ${text}: it is a whole number above 0`);
  return value;
}
