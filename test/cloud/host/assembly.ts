import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { bundleFunctions } from "../../../functions/bundle.ts";
import type { ConfigurationInput } from "../../../lib/configuration.ts";
import { bundlesFrom } from "../../../lib/functions/bundles.ts";
import { synthesise } from "../../support/aws/synthesise.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const CACHE = join(ROOT, "node_modules", ".cache", "carillon-cloud");
/** What bundles and templates are made of. */
const SOURCES = ["adapters", "api", "core", "functions", "lib", "cdk.json", "package-lock.json"];
/** Results that are kept; the oldest go. */
const MAX_KEPT = 12;

/**
 * The cloud assembly of a configuration with the real bundles: a folder, made when sources or configuration have changed
 * since it was last asked for, whoever asked.
 */
export async function synthesiseOnce(configuration: Partial<ConfigurationInput>): Promise<string> {
  const sources = sourcesHash();
  const bundles = await once(`bundles-${sources}`, async (folder) => {
    await bundleFunctions(folder);
  });
  const folders = new Map(readdirSync(bundles).map((name) => [name, join(bundles, name)]));
  const hash = createHash("sha256").update(JSON.stringify(configuration)).digest("hex").slice(0, 16);
  return once(`assembly-${sources}-${hash}`, (folder) => {
    const { directory } = synthesise(configuration, { bundles: bundlesFrom(folders) });
    cpSync(directory, folder, { recursive: true });
    rmSync(directory, { recursive: true, force: true });
    return Promise.resolve();
  });
}

/** Makes a folder of the cache unless it is there. Of several processes that make it at once, one result stays. */
async function once(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(CACHE, { recursive: true });
  rmSync(draft, { recursive: true, force: true });
  await make(draft);
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  forgetOld();
  return folder;
}

function forgetOld(): void {
  const kept = readdirSync(CACHE).map((name) => ({ name, atMs: statSync(join(CACHE, name)).mtimeMs }));
  const old = kept.sort((left, right) => right.atMs - left.atMs).slice(MAX_KEPT);
  for (const { name } of old) rmSync(join(CACHE, name), { recursive: true, force: true });
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(ROOT, source);
    if (statSync(path).isFile()) {
      hash.update(readFileSync(path));
      continue;
    }
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort())
      hash.update(file).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
