import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { Failure } from "./failure.ts";
import type { Handler } from "./handler-context.ts";

const EXTENSIONS = [".ts", ".mts", ".js", ".mjs", ".cjs", ".cts"];

/**
 * Finds a module below the handlers folder. What counts is where it really is: a link that leads out of the folder is
 * refused.
 *
 * @returns the real path
 * @throws {Failure} `MODULE_NOT_FOUND`, `MODULE_NOT_ALLOWED`
 */
export async function findModule(folder: string | undefined, module: string): Promise<string> {
  if (folder === undefined) throw notFound(module, "this worker has no handlers folder");
  const [root, path] = await Promise.all([realPathOf(folder), realPathOf(join(folder, module))]);
  if (root === undefined) throw notFound(module, `the handlers folder ${folder} is missing`);
  if (path === undefined) throw notFound(module, `there is no such file below ${folder}`);
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep))
    throw notAllowed(module, "it lies outside the handlers folder");
  if (!EXTENSIONS.includes(extname(path))) throw notAllowed(module, `must end in ${EXTENSIONS.join(", ")}`);
  if (!(await stat(path)).isFile()) throw notAllowed(module, "must be a file");
  return path;
}

/**
 * Picks the handler out of a module's exports.
 *
 * @throws {Failure} `EXPORT_NOT_FOUND`
 */
export function handlerIn(exports: object, name: string): Handler {
  const value: unknown = Object.hasOwn(exports, name) ? (exports as Record<string, unknown>)[name] : undefined;
  if (typeof value === "function") return value as Handler;
  const names = Object.keys(exports).join(", ");
  throw new Failure(
    "EXPORT_NOT_FOUND",
    `Cannot call export "${name}": must be a function; exports are ${names || "none"}`,
    {
      retryable: false,
    },
  );
}

/** `undefined` also for a path that cannot be one, such as with a NUL. */
function realPathOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

function notFound(module: string, rule: string): Failure {
  return new Failure("MODULE_NOT_FOUND", `Cannot find handler ${JSON.stringify(module)}: ${rule}`, {
    retryable: false,
  });
}

function notAllowed(module: string, rule: string): Failure {
  return new Failure("MODULE_NOT_ALLOWED", `Cannot load handler ${JSON.stringify(module)}: ${rule}`, {
    retryable: false,
  });
}
