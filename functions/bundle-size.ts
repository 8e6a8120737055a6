import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Metafile } from "esbuild";
import { metafileOf } from "./bundle.ts";
import type { FunctionName } from "./names.ts";

/** What one bundle weighs, in bytes. Source maps do not count. */
export interface BundleSize {
  /** All files. */
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  /** Those that are loaded at the start. */
  readonly startBytes: number;
  /** What the files are made of, the heaviest first: a package, or a folder of ours. */
  readonly inputs: readonly { readonly name: string; readonly bytes: number }[];
}

const MB = 1_048_576;

/**
 * What a bundle may weigh, minified. 1 MB, so that it is loaded within a fraction of a second; the API alone checks
 * definitions of every kind, and so holds schemas, expressions and regular expressions all at once, beside the clients of
 * five services.
 */
export function maxBytesOf(name: FunctionName): number {
  return name === "api" ? 1.25 * MB : MB;
}

type Output = Metafile["outputs"][string];

/** Reads what esbuild has told of a bundle. */
export function bundleSize(folder: string): BundleSize {
  const { outputs } = JSON.parse(readFileSync(metafileOf(folder), "utf8")) as Metafile;
  const files = Object.entries(outputs).filter(([path]) => path.endsWith(".mjs"));
  const gzipBytes = files.map(([path]) => gzipSync(readFileSync(join(folder, basename(path)))).byteLength);
  const atStart = loadedAtStart(outputs);
  return {
    minifiedBytes: sum(files.map(([, { bytes }]) => bytes)),
    gzipBytes: sum(gzipBytes),
    startBytes: sum(files.filter(([path]) => atStart.has(path)).map(([, { bytes }]) => bytes)),
    inputs: inputsOf(files.map(([, output]) => output)),
  };
}

/** The entry, and all that it imports other than by `import()`. */
function loadedAtStart(outputs: Metafile["outputs"]): ReadonlySet<string> {
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint?.endsWith("/handler.ts")));
  // A set that grows while it is walked is walked to its new end.
  for (const path of found) {
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && imported in outputs) found.add(imported);
    }
  }
  return found;
}

function inputsOf(outputs: readonly Output[]): BundleSize["inputs"] {
  const bytes = new Map<string, number>();
  for (const { inputs } of outputs) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = groupOf(path);
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytes].map(([name, bytes]) => ({ name, bytes })).toSorted((a, b) => b.bytes - a.bytes);
}

/** `node_modules/@aws-sdk/core/dist-es/…` belongs to `@aws-sdk/core`, `core/job/…` to `core/job`. */
function groupOf(path: string): string {
  const inPackage = path.split("node_modules/").at(-1) ?? path;
  const depth = path.includes("node_modules/") && !inPackage.startsWith("@") ? 1 : 2;
  return inPackage.split("/").slice(0, depth).join("/");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
