import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Puts address and token where the command-line tool of this machine's user finds them; readable by that user alone. */
export function writeLocalAccess(folder: string, access: { readonly url: string; readonly token: string }): void {
  writeFileSync(join(folder, "cli.json"), `${JSON.stringify(access, undefined, 2)}\n`, { mode: 0o600 });
}
