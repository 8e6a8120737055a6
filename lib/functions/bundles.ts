import { FUNCTION_NAMES, type FunctionName } from "../../functions/names.ts";

/** For each function the folder that holds its bundle, `index.mjs`. */
export type Bundles = Readonly<Record<FunctionName, string>>;

/** @throws {Error} when a function has no bundle */
export function bundlesFrom(folders: ReadonlyMap<string, string>): Bundles {
  const entries = FUNCTION_NAMES.map((name) => {
    const folder = folders.get(name);
    if (folder === undefined) throw new Error(`Cannot deploy function "${name}": it has no bundle`);
    return [name, folder] as const;
  });
  return Object.fromEntries(entries) as Bundles;
}
