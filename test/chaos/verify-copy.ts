import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Verified } from "./power-loss.ts";

/**
 * Opens copies of a data folder (the arguments) as after a loss of power, and prints what is in them as JSON. The items are
 * read past the product, which would begin to act on what it finds: runs and versions are told by their fields.
 */
process.stdout.write(JSON.stringify(process.argv.slice(2).map(verify)));

interface Item {
  readonly namespace?: string;
  readonly job?: string;
  readonly name?: string;
  readonly stamp?: string;
  readonly status?: string;
  readonly version?: number;
  readonly definition?: object;
  readonly parameters?: { readonly operation?: string };
  readonly cancel?: object;
}

function verify(folder: string): Verified {
  const triggered: Record<string, string> = {};
  const runs: Record<string, string> = {};
  const cancelling: string[] = [];
  const versions: string[] = [];
  const contents = { triggered, runs, cancelling, versions };
  try {
    const database = new DatabaseSync(join(folder, "carillon.db"));
    const [row] = database.prepare("PRAGMA integrity_check(1)").all();
    const integrity = String(row?.["integrity_check"]);
    for (const { body } of integrity === "ok" ? database.prepare("SELECT body FROM item").iterate() : []) {
      const item = JSON.parse(String(body)) as Item;
      const { namespace, job, stamp, status, name, version, definition, parameters } = item;
      if (stamp !== undefined && status !== undefined) {
        const id = `${namespace}.${job}@${stamp}`;
        runs[id] = status;
        if (parameters?.operation !== undefined) triggered[parameters.operation] = status;
        if (item.cancel !== undefined) cancelling.push(id);
      } else if (definition !== undefined && version !== undefined) {
        versions.push(`${name}@${version}`);
      }
    }
    database.close();
    return { integrity, contents };
  } catch (error) {
    return { integrity: String(error), contents };
  }
}
