import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { arePeersInstalled, type Contender, contender, PEERS_FOLDER } from "./catalogue.ts";
import { readFacts } from "./facts.ts";
import { Bench } from "./harness/bench.ts";
import { Servers } from "./harness/servers.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { report } from "./report/report.ts";
import { writeReadme } from "./report/write-readme.ts";
import type { Row } from "./row.ts";

const DATA = fileURLToPath(new URL("./.data/", import.meta.url));
const RESULTS = fileURLToPath(new URL("./results/", import.meta.url));
const README = fileURLToPath(new URL("./README.md", import.meta.url));

const options = optionsOrUsage();
const rowsFile = join(RESULTS, `${options.out}.jsonl`);
if (!options.again) await measure(options);
const rows = readFileSync(rowsFile, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Row);
const tables = report(rows);
writeFileSync(join(RESULTS, `${options.out}.md`), `${tables}\n`);
process.stdout.write(`\n${tables}\n`);
if (options.writeReadme) writeReadme(README, tables);

async function measure({ profile, alone, installPeers }: Options): Promise<void> {
  if (installPeers && !alone && !arePeersInstalled()) install();
  mkdirSync(RESULTS, { recursive: true });
  rmSync(DATA, { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  writeFileSync(rowsFile, "");
  const emit = (row: Row): void => {
    const line = JSON.stringify(row);
    appendFileSync(rowsFile, `${line}\n`);
    process.stdout.write(`${line}\n`);
  };

  const servers = new Servers(DATA);
  const cleanUp = async (): Promise<void> => {
    await servers.stop();
    rmSync(DATA, { recursive: true, force: true });
  };
  const stop = (): void => {
    void cleanUp().finally(() => process.exit(130));
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const contenders = await gather(
      profile.contenders.filter((label) => !alone || label.startsWith("carillon")),
      emit,
    );
    emit(readFacts(profile, contenders, DATA));
    await new Bench(profile, { servers, folder: DATA, emit }).run(contenders);
  } finally {
    await cleanUp();
  }
}

/** Those that can take part here; the others are told with the reason. */
async function gather(labels: readonly string[], emit: (row: Row) => void): Promise<readonly Contender[]> {
  const present: Contender[] = [];
  for (const label of labels) {
    try {
      present.push(await contender(label));
    } catch (error) {
      emit({ kind: "absent", contender: label, reason: reasonOf(error) });
    }
  }
  return present;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
    return "its packages are not installed (npm run bench -- --peers)";
  }
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

/** Exactly what the lock file says; not `npm ci`, which refuses a lock file without the binaries of every other platform. */
function install(): void {
  const options = ["--no-save", "--ignore-scripts"];
  const { status } = spawnSync("npm", ["install", ...options], { cwd: PEERS_FOLDER, stdio: "inherit" });
  if (status !== 0) process.stdout.write("The peers' packages could not be installed: going on without them\n");
}

function optionsOrUsage(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    process.exit(2);
  }
}
