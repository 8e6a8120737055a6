import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundleFiles, type Metafile, type Plugin } from "esbuild";
import { FUNCTION_NAMES, type FunctionName } from "./names.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Packages that are not ES modules call `require`, which a module does not have. */
const REQUIRE =
  'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);';

/** What esbuild tells of a bundle, beside the folder of its function: of what the files are made, and what loads what. */
export const metafileOf = (folder: string): string => `${folder}.json`;

export interface BundleOptions {
  /** Whether the stack turns traces on: the tracer is large, and left out otherwise. @default false */
  readonly tracing?: boolean;
  /** @default all */
  readonly only?: readonly FunctionName[];
}

/**
 * Bundles functions side by side: for each a folder with `index.mjs`, which exports `handler`, and with `part-….mjs` for
 * what is loaded only when it is needed, and for what that shares with the rest. Their source maps, for `--enable-source-maps`, lie next to them.
 *
 * @param outFolder - made if absent; what the bundles were before is removed
 * @returns the folder of each function, absolute
 */
export async function bundleFunctions(
  outFolder = "dist/functions",
  { tracing = false, only = FUNCTION_NAMES }: BundleOptions = {},
): Promise<ReadonlyMap<FunctionName, string>> {
  const folders = only.map((name) => [name, resolve(outFolder, name)] as const);
  const replaced = tracing ? UNUSED : { ...UNUSED, ...TRACER };
  await mkdir(outFolder, { recursive: true });
  await Promise.all(folders.map(([name, folder]) => bundle(name, folder, [replace(replaced), ZOD_BY_NAMESPACE])));
  return new Map(folders);
}

async function bundle(name: FunctionName, folder: string, plugins: Plugin[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await bundleFiles({
    entryPoints: [{ in: join("functions", name, "handler.ts"), out: "index" }],
    absWorkingDir: ROOT,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    minify: true,
    // Node reads a map as it loads its module: without the sources' text that takes half the time.
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    logLevel: "error",
    plugins,
  });
  await writeFile(metafileOf(folder), JSON.stringify(metafile satisfies Metafile));
}

/** What takes the place of files, by the end of their paths. */
type Replaced = Readonly<Record<string, string>>;

/** What packages bring that no function uses. */
const UNUSED: Replaced = {
  // Messages in 50 other languages: a quarter of a megabyte.
  "/node_modules/zod/v4/locales/index.js": 'export { default as en } from "./en.js";',
  // On Lambda, credentials come as environment variables; the other ways are for desks and servers.
  "/node_modules/@aws-sdk/credential-provider-node/dist-es/index.js":
    'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
  // Tells browsers apart.
  "/node_modules/bowser/bowser.mjs": "export default undefined;",
};

/** The tracer's place where there is none: a function that is asked for traces later runs on, and says that it makes none. */
const TRACER: Replaced = {
  "/functions/shared/open-tracing.ts": `
    export const openTracing = () => {
      process.emitWarning("Cannot trace: the functions were bundled without the tracer");
      return { before: () => undefined };
    };`,
};

function replace(replaced: Replaced): Plugin {
  return {
    name: "replace",
    setup: (build) => {
      for (const [path, contents] of Object.entries(replaced)) {
        const filter = new RegExp(`${path.replaceAll(".", "\\.")}$`);
        build.onLoad({ filter }, ({ path: file }) => ({ contents, resolveDir: dirname(file) }));
      }
    },
  };
}

/** Half of zod is not used, which shows only where it is imported as a namespace. */
const ZOD_BY_NAMESPACE: Plugin = {
  name: "zod-by-namespace",
  setup: (build) => {
    build.onLoad({ filter: /\/(?:core|api)\/.*\.ts$/ }, async ({ path }) => {
      if (path.includes("/node_modules/")) return undefined;
      const text = await readFile(path, "utf8");
      return { loader: "ts", contents: text.replace(/^import \{ z \} from "zod";$/m, 'import * as z from "zod";') };
    });
  },
};
