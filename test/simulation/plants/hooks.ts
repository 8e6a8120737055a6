import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { PLANTS } from "./plants.ts";

/**
 * Plants a bug into the product as it is loaded: the source on the disk stays as it is, and nothing in it knows of plants.
 * The name of the plant is in the environment.
 */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const plant = PLANTS.find(({ id }) => id === process.env["CARILLON_PLANT"]);
if (plant === undefined) throw new Error(`Cannot plant "${process.env["CARILLON_PLANT"]}": unknown`);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:")) return loaded;
    const path = fileURLToPath(url).slice(ROOT.length);
    const edits = plant.edits.filter(({ file }) => file === path);
    if (edits.length === 0) return loaded;
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const { find, replace } of edits) {
      const count = source.split(find).length - 1;
      if (count !== 1) throw new Error(`Cannot plant ${plant.id}: "${find}" is ${count} times in ${path}`);
      source = source.replace(find, () => replace);
    }
    return { ...loaded, source };
  },
});
