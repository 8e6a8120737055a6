import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** Where requests go, and as whom. */
export interface Connection {
  readonly url: string;
  readonly token: string | undefined;
}

export const DEFAULT_URL = "http://127.0.0.1:4680";
const MAX_ACCESS_FILE_BYTES = 65_536;

/**
 * Finds the server: `--url`, else `CARILLON_URL`, else the address in the file that a server on this machine writes into
 * its data folder (`$CARILLON_DATA/cli.json`, by default `.carillon/cli.json`), else the default address. The token is
 * `CARILLON_TOKEN`, else the file's; the file's goes to the file's own address only.
 *
 * @throws {CliError} when the file may be read by others or makes no sense, or a token would travel in the clear
 */
export async function readConnection(urlOption: string | undefined, io: Io): Promise<Connection> {
  const file = await readAccessFile(resolve(io.cwd, io.env["CARILLON_DATA"] ?? ".carillon", "cli.json"), io);
  const url = urlOption ?? nonEmpty(io.env["CARILLON_URL"]) ?? file?.url ?? DEFAULT_URL;
  const isFilesOwn = file !== undefined && originOf(file.url) === originOf(url);
  const token = nonEmpty(io.env["CARILLON_TOKEN"]) ?? (isFilesOwn ? file.token : undefined);
  if (token !== undefined) refuseBrokenToken(token);
  if (token !== undefined) refuseOpenLine(url, io);
  return { url, token };
}

async function readAccessFile(path: string, io: Io): Promise<{ url: string; token: string } | undefined> {
  if (nonEmpty(io.env["CARILLON_TOKEN"]) !== undefined && nonEmpty(io.env["CARILLON_URL"]) !== undefined)
    return undefined;
  const text = await readPrivateText(path);
  if (text === undefined) return undefined;
  const value = parse(text);
  if (typeof value?.url === "string" && typeof value.token === "string") return { url: value.url, token: value.token };
  throw new CliError("configuration-invalid", `Cannot use ${path}: it must hold {"url": "…", "token": "…"}`, {
    hint: "Start the server again to have it written anew, or remove the file",
  });
}

/** `undefined` when there is no such file. */
async function readPrivateText(path: string): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw new CliError("configuration-invalid", `Cannot read ${path}: ${cause.code ?? cause.message}`, { cause });
  });
  if (handle === undefined) return undefined;
  try {
    // The open file is looked at, not its name, which may lead elsewhere a moment later.
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MAX_ACCESS_FILE_BYTES) {
      throw new CliError("configuration-invalid", `Cannot use ${path}: it must be a file of at most 64 KB`);
    }
    if ((stats.mode & 0o077) !== 0) {
      const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
      throw new CliError(
        "configuration-unsafe",
        `Cannot use ${path}: its mode is ${mode}, others may read the token in it`,
        {
          hint: `chmod 600 ${path}`,
        },
      );
    }
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function parse(text: string): { readonly url?: unknown; readonly token?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever refused it further on would tell what it is. */
function refuseBrokenToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new CliError(
    "configuration-invalid",
    "Cannot use the token: it must be visible ASCII characters without spaces",
    {
      hint: "Look for a line break or a quote too many in CARILLON_TOKEN or cli.json",
    },
  );
}

function refuseOpenLine(url: string, io: Io): void {
  if (!URL.canParse(url)) return;
  const { protocol, hostname } = new URL(url);
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  if (protocol !== "http:" || isLoopback || io.env["CARILLON_ALLOW_HTTP"] === "1") return;
  throw new CliError(
    "insecure-address",
    `Cannot send the token to ${url}: over plain HTTP anyone on the way can read it`,
    {
      hint: "Use https, or set CARILLON_ALLOW_HTTP=1 on a network that you trust",
    },
  );
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

/** A variable set to nothing counts as not set. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
