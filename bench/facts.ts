import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Contender, PEERS_FOLDER } from "./catalogue.ts";
import { probeDisk } from "./harness/disk.ts";
import { Servers } from "./harness/servers.ts";
import type { Profile } from "./profile.ts";
import type { FactsRow } from "./row.ts";

const DISK_ROUNDS = 400;

/** On what is measured: machine, versions, the price of a flush, and what each contender promises for it. */
export function readFacts(profile: Profile, contenders: readonly Contender[], folder: string): FactsRow {
  const [cpu] = cpus();
  const cores = cpus().length;
  return {
    kind: "facts",
    date: new Date().toISOString(),
    profile: profile.name,
    repetitions: profile.repetitions,
    windowMs: profile.windowMs,
    machine: `${cpu?.model ?? "unknown processor"}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    versions: versions(contenders),
    disk: probeDisk(folder, DISK_ROUNDS),
    durability: Object.fromEntries(
      contenders.map(({ label, variant }) => [
        label,
        { setting: variant.durability, survivesPowerLoss: variant.survivesPowerLoss },
      ]),
    ),
  };
}

function versions(contenders: readonly Contender[]): Readonly<Record<string, string>> {
  const found: Record<string, string> = { Node: process.versions.node, SQLite: sqliteVersion() };
  const needs = new Set(contenders.map(({ peer }) => peer.needs));
  if (needs.has("redis")) found["Redis"] = Servers.version("redis");
  if (needs.has("postgres")) found["PostgreSQL"] = Servers.version("postgres");
  for (const name of new Set(contenders.flatMap(({ peer }) => peer.packages))) {
    const manifest = readFileSync(join(PEERS_FOLDER, "node_modules", name, "package.json"), "utf8");
    found[name] = (JSON.parse(manifest) as { version: string }).version;
  }
  return found;
}

function sqliteVersion(): string {
  const database = new DatabaseSync(":memory:");
  const row = database.prepare("SELECT sqlite_version() AS version").get();
  database.close();
  return String(row?.["version"]);
}
