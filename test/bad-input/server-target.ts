import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startPlatform } from "../support/platform.ts";
import type { RowOptions } from "./row.ts";
import type { Reply, Target } from "./stage.ts";
import { bodyOf } from "./wire-body.ts";

/** A server of its own process, with its address and its data. */
export interface ServerTarget extends Target {
  readonly url: string;
  readonly folder: string;
  /** The lines that it has logged. */
  readonly log: readonly string[];
}

/** Starts a server without workers, so that nothing but requests changes what is stored. */
export async function startServerTarget(flags: readonly string[] = []): Promise<ServerTarget> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-bad-input-"));
  const platform = await startPlatform(folder, { workers: 0, flags });
  const { url, token, log } = platform;
  const agent = new Agent({ keepAlive: true });
  const database = new DatabaseSync(join(folder, "carillon.db"), { readOnly: true });
  return {
    url,
    folder,
    log,
    admin: token,
    request: (method, path, options, as) => send(agent, { url, method, path, options, token: as }),
    dump: () => dump(database),
    failures: () => log.filter((line) => line.includes('"event":"failure"')),
    async stop() {
      agent.destroy();
      database.close();
      await platform.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly path: string;
  readonly options: Omit<RowOptions, "as">;
  readonly token: string | null;
}

/** Not `fetch`, which would put a path in order before it sends it. */
function send(agent: Agent, { url, method, path, options, token }: Sent): Promise<Reply> {
  const { body } = bodyOf(options.body);
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...options.headers,
  };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
        resolve({ status: response.statusCode ?? 0, headers, text });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What schedulers write by themselves as time goes by: who leads, who lives, how far a look at the ledgers has come. */
const OF_THE_PLATFORM = ["scheduler", "lease#scheduler", "lease#tick", "silence", "ledger-audit", "pool-sizes"];

function dump(database: DatabaseSync): string {
  const marks = OF_THE_PLATFORM.map(() => "?").join(", ");
  const items = database.prepare(`SELECT * FROM item WHERE pk NOT IN (${marks}) ORDER BY pk, sk`);
  return JSON.stringify([
    items.all(...OF_THE_PLATFORM),
    ...["message", "dead_letter"].map((table) => database.prepare(`SELECT * FROM ${table} ORDER BY id`).all()),
  ]);
}
