import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import type { CloudAssembly } from "aws-cdk-lib/cx-api";
import { FUNCTION_NAMES } from "../../../functions/names.ts";
import { addCarillon } from "../../../lib/carillon.ts";
import type { ConfigurationInput } from "../../../lib/configuration.ts";
import { type Bundles, bundlesFrom } from "../../../lib/functions/bundles.ts";
import { readConfiguration } from "../../../lib/read-configuration.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

export const AN_IMAGE = "public.ecr.aws/carillon/worker:test";
export const A_POOL = { cpu: 512, memoryMb: 1_024 } as const;

export interface SynthesiseOptions {
  /** Built bundles. @default placeholders, which nothing can run */
  readonly bundles?: Bundles;
  /** Whether the rules of CloudFormation and of AWS Solutions are checked, which takes seconds. @default false */
  readonly validate?: boolean;
}

/**
 * Synthesises an installation as `cdk synth` does, in this process: one pool and an image that exists, unless the
 * configuration says otherwise.
 */
export function synthesise(
  configuration: Partial<ConfigurationInput> = {},
  { bundles = placeholders(), validate = false }: SynthesiseOptions = {},
): CloudAssembly {
  const { context } = JSON.parse(readFileSync(join(ROOT, "cdk.json"), "utf8")) as { context: Record<string, unknown> };
  const outdir = temporaryFolder("carillon-cdk-");
  const app = new App({ context, outdir, analyticsReporting: false });
  const input = { pools: { default: A_POOL }, workerImage: AN_IMAGE, ...configuration };
  addCarillon(app, { configuration: readConfiguration(input), bundles });
  return withValidation(validate, () => app.synth());
}

/** CDK reads from the environment whether it validates. */
function withValidation<T>(validate: boolean, act: () => T): T {
  const before = process.env["CDK_VALIDATION"];
  process.env["CDK_VALIDATION"] = String(validate);
  try {
    return act();
  } finally {
    if (before === undefined) delete process.env["CDK_VALIDATION"];
    else process.env["CDK_VALIDATION"] = before;
  }
}

let made: Bundles | undefined;

function placeholders(): Bundles {
  made ??= makePlaceholders();
  return made;
}

/** A folder for each function, with contents of its own: assets with the same contents would be one. */
function makePlaceholders(): Bundles {
  const root = temporaryFolder("carillon-bundles-");
  const folders = FUNCTION_NAMES.map((name) => {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "index.mjs"), `export const handler = async () => ${JSON.stringify(name)};\n`);
    return [name, folder] as const;
  });
  return bundlesFrom(new Map(folders));
}

/** A folder that goes with this process, since whoever reads an assembly may do so as long as it lasts. */
function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  if (temporaryFolders.length === 0) process.once("exit", removeAll);
  temporaryFolders.push(folder);
  return folder;
}

const temporaryFolders: string[] = [];

function removeAll(): void {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
}
