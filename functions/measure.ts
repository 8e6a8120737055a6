import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleSize, maxBytesOf } from "./bundle-size.ts";
import { bundleFunctions } from "./bundle.ts";
import { EXAMPLE_ENVIRONMENT } from "./example-environment.ts";

/** A goal, beside the weight: so long a fresh process may take to load a bundle, on a machine that does nothing else. */
const MAX_LOAD_MS = 150;
const STARTS = 9;
const INPUTS_SHOWN = 10;

/** Loads a module and writes how many milliseconds that took, and how many of all processors together. */
const LOAD = `
  const [startMs, startUsage] = [performance.now(), process.cpuUsage()];
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(startUsage);
  const times = { loadMs: performance.now() - startMs, processorMs: (user + system) / 1000 };
  process.stdout.write(JSON.stringify(times), () => process.exit(0));
`;

interface Start {
  readonly loadMs: number;
  readonly processorMs: number;
}

/** Bundles the functions and prints what each weighs, what it is made of, and how long it takes to start. */
async function main(): Promise<void> {
  for (const [name, folder] of await bundleFunctions()) {
    const { minifiedBytes, gzipBytes, startBytes, inputs } = bundleSize(folder);
    const starts = startAgainAndAgain(join(folder, "index.mjs"));
    const loadMs = median(starts.map((start) => start.loadMs));
    const processorMs = median(starts.map((start) => start.processorMs));
    const isWithin = minifiedBytes <= maxBytesOf(name) && loadMs <= MAX_LOAD_MS;
    const sizes = `${kb(minifiedBytes)} minified, ${kb(startBytes)} of it at the start, ${kb(gzipBytes)} gzipped`;
    const times = `loads in ${loadMs.toFixed(0)} ms with ${processorMs.toFixed(0)} ms of processor time`;
    print(`${name}: ${sizes}; ${times}${isWithin ? "" : " (beyond the goal)"}`);
    for (const { name: input, bytes } of inputs.slice(0, INPUTS_SHOWN)) print(`  ${kb(bytes).padStart(9)}  ${input}`);
  }
}

/** Each time in a process of its own, as on Lambda. */
function startAgainAndAgain(path: string): readonly Start[] {
  const program = ["--input-type=module", "--eval", LOAD, pathToFileURL(path).href];
  return Array.from({ length: STARTS }, () => {
    const text = execFileSync(process.execPath, program, { env: EXAMPLE_ENVIRONMENT, encoding: "utf8" });
    return JSON.parse(text) as Start;
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function kb(bytes: number): string {
  return `${Math.ceil(bytes / 1_024).toLocaleString("en")} KB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
