import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Puts address and token where the command-line tool of this machine's user finds them, readable by that user alone. A
 * later start, which makes no token, brings the address up to date.
 */
export function writeLocalAccess(
  folder: string,
  { url, token }: { readonly url: string; readonly token: string | undefined },
): void {
  const path = join(folder, "cli.json");
  const known = token ?? readToken(path);
  if (known === undefined) return;
  writeFileSync(path, `${JSON.stringify({ url, token: known }, undefined, 2)}\n`, { mode: 0o600 });
}

function readToken(path: string): string | undefined {
  try {
    const { token } = JSON.parse(readFileSync(path, "utf8")) as { token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined; // Removed by its owner, who keeps the token elsewhere.
  }
}
