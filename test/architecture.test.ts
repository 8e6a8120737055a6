import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/**
 * Which folders a folder may import from, besides itself. Imports point inwards; `server` and `worker` are hosts, and the
 * embedded server is composed of both.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  adapters: ["core"],
  api: ["core"],
  worker: ["core", "adapters"],
  server: ["core", "adapters", "api", "worker"],
  functions: ["core", "adapters", "api"],
  lib: ["core/job", "core/fleet", "core/knobs.ts", "core/ports/queue.ts", "adapters/aws/metric-names.ts", "functions"],
  client: ["api/contract"],
};

/** Packages that the core may use: pure ones, without clock, chance or the outside. */
const CORE_PACKAGES = ["zod", "ajv", "ajv-formats", "re2js", "@marcbachmann/cel-js"];

const STATIC_IMPORT = /^(?:import|export)\s(?:[^"'`;=]*\sfrom\s)?"([^"\n]+)";/gm;
const DYNAMIC_IMPORT = /\bimport\("([^"\n]+)"\)/g;

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, specifier = ""]) => specifier),
  );
}

function sourcesOf(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT });
}

describe("architecture", () => {
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    it(`${folder} imports only ${["itself", ...allowed].join(", ")}`, () => {
      const sources = sourcesOf(folder);
      expect(sources.length).toBeGreaterThan(0);
      const strays = sources.flatMap((file) =>
        importsOf(file)
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => normalize(join(dirname(file), specifier)))
          .filter(
            (target) => ![folder, ...allowed].some((inside) => target === inside || target.startsWith(`${inside}/`)),
          )
          .map((target) => `${file} → ${target}`),
      );
      expect(strays).toEqual([]);
    });
  }

  it("lib knows of the functions their names and their environments only", () => {
    const known = /^functions\/(?:names|[a-z]+\/environment|shared\/read-environment)\.ts$/;
    const strays = sourcesOf("lib").flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => normalize(join(dirname(file), specifier)))
        .filter((target) => target.startsWith("functions/") && !known.test(target))
        .map((target) => `${file} → ${target}`),
    );
    expect(strays).toEqual([]);
  });

  it("core imports only pure packages, and nothing of Node", () => {
    const strays = sourcesOf("core").flatMap((file) =>
      importsOf(file)
        .filter((specifier) => !specifier.startsWith("."))
        .filter((specifier) => !CORE_PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
        .map((specifier) => `${file} → ${specifier}`),
    );
    expect(strays).toEqual([]);
  });

  it("core reads no clock and no chance from the air", () => {
    const fromTheAir =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\(/;
    const strays = sourcesOf("core").filter((file) => fromTheAir.test(readFileSync(join(ROOT, file), "utf8")));
    expect(strays).toEqual([]);
  });

  it("the API uses nothing of Node but its hash functions, since it also runs elsewhere", () => {
    const strays = sourcesOf("api").flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith("node:") && specifier !== "node:crypto")
        .map((specifier) => `${file} → ${specifier}`),
    );
    expect(strays).toEqual([]);
  });
});
