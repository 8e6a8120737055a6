import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ServerSettings } from "../peer.ts";
import { waitUntil } from "./clock.ts";

export type ServerKind = "redis" | "postgres";

interface Server {
  readonly child: ChildProcess;
  readonly port: number;
}

const POSTGRES_VERSIONS = [18, 17, 16, 15, 14];
const POSTGRES_USER = "bench";
const READY_WITHIN_MS = 20_000;
const QUIESCE_WITHIN_MS = 60_000;

/**
 * The servers that peers need, from Debian's packages: started on loopback at a free port, with data in a folder of the
 * benchmark, stopped at its end. Whatever is not named here or in a variant is the server's default.
 */
export class Servers {
  readonly #folder: string;
  readonly #servers = new Map<ServerKind, Server>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Why a server cannot be had here, or `undefined` when it can. */
  static problem(kind: ServerKind): string | undefined {
    const isThere = kind === "redis" ? isInstalled("redis-server") && isInstalled("redis-cli") : findPostgres();
    if (isThere) return undefined;
    return `${kind === "redis" ? "redis-server" : "postgresql"} is not installed (a Debian package)`;
  }

  static version(kind: ServerKind): string {
    const [program, ...args] = kind === "redis" ? ["redis-server"] : [join(findPostgres() ?? "", "postgres")];
    const text = execFileSync(program ?? "", [...args, "--version"], { encoding: "utf8" });
    return /\d+(\.\d+)+/.exec(text)?.[0] ?? text.trim();
  }

  pid(kind: ServerKind): number | undefined {
    return this.#servers.get(kind)?.child.pid;
  }

  port(kind: ServerKind): number {
    return this.#servers.get(kind)?.port ?? 0;
  }

  postgresUrl(peer: string): string {
    return `postgres://${POSTGRES_USER}@127.0.0.1:${this.port("postgres")}/${databaseOf(peer)}`;
  }

  async start(kind: ServerKind): Promise<void> {
    if (this.#servers.has(kind)) return;
    const problem = Servers.problem(kind);
    if (problem !== undefined) throw new Error(`Cannot start ${kind}: ${problem}`);
    const port = await freePort();
    const folder = join(this.#folder, kind);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const child = kind === "redis" ? startRedis(folder, port) : startPostgres(folder, port);
    this.#servers.set(kind, { child, port });
    const isReady = await waitUntil(() => this.#isReady(kind), { limitMs: READY_WITHIN_MS, everyMs: 100 });
    if (!isReady) throw new Error(`Cannot start ${kind}: it did not answer within ${READY_WITHIN_MS} ms`);
  }

  /** Empties what the peer has stored, and gives the server the settings of the variant. */
  async reset(kind: ServerKind, peer: string, settings: ServerSettings = {}): Promise<void> {
    const { appendfsync = "everysec", hz = 10, synchronousCommit = "on" } = settings;
    if (kind === "redis") {
      this.#redis("FLUSHALL");
      this.#redis("CONFIG", "SET", "appendfsync", appendfsync, "hz", String(hz));
      await this.quiesce(kind);
      return;
    }
    const database = databaseOf(peer);
    this.#sql("postgres", `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    this.#sql("postgres", `CREATE DATABASE ${database}`);
    this.#sql("postgres", `ALTER DATABASE ${database} SET synchronous_commit = ${synchronousCommit}`);
    this.#sql("postgres", "CHECKPOINT");
  }

  /** Waits for what the server does in the background after a lot was written. */
  async quiesce(kind: ServerKind, peer?: string): Promise<void> {
    if (kind === "redis") {
      const isQuiet = (): boolean => {
        const info = this.#redis("INFO", "persistence");
        return ["rdb_bgsave_in_progress:0", "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"].every((line) =>
          info.includes(line),
        );
      };
      await waitUntil(isQuiet, { limitMs: QUIESCE_WITHIN_MS, everyMs: 100 });
    } else if (peer !== undefined) {
      this.#sql(databaseOf(peer), "VACUUM ANALYZE");
      this.#sql("postgres", "CHECKPOINT");
    }
  }

  async stop(): Promise<void> {
    for (const [kind, { child }] of this.#servers) {
      child.kill(kind === "postgres" ? "SIGINT" : "SIGTERM");
      const hasEnded = await waitUntil(() => child.exitCode !== null || child.signalCode !== null, {
        limitMs: READY_WITHIN_MS,
        everyMs: 50,
      });
      if (!hasEnded) child.kill("SIGKILL");
    }
    this.#servers.clear();
  }

  #isReady(kind: ServerKind): boolean {
    try {
      return kind === "redis" ? this.#redis("PING").startsWith("PONG") : this.#sql("postgres", "SELECT 1") !== "";
    } catch {
      return false;
    }
  }

  #redis(...command: readonly string[]): string {
    return output("redis-cli", ["-h", "127.0.0.1", "-p", String(this.port("redis")), ...command]);
  }

  #sql(database: string, statement: string): string {
    const target = ["-h", "127.0.0.1", "-p", String(this.port("postgres")), "-U", POSTGRES_USER, "-d", database];
    return output(join(findPostgres() ?? "", "psql"), [...target, "-X", "-q", "-t", "-c", statement]);
  }
}

function startRedis(folder: string, port: number): ChildProcess {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes"];
  return spawn("redis-server", [...options, "--logfile", "redis.log"], { stdio: "ignore" });
}

function startPostgres(folder: string, port: number): ChildProcess {
  const programs = findPostgres() ?? "";
  const account = postgresAccount();
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, "data");
  execFileSync(
    join(programs, "initdb"),
    ["-D", data, "-A", "trust", "-U", POSTGRES_USER, "-E", "UTF8", "--locale=C.UTF-8"],
    { ...account, stdio: "pipe", cwd: "/" },
  );
  const log = openSync(join(folder, "postgres.log"), "w");
  const network = ["-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`];
  return spawn(join(programs, "postgres"), ["-D", data, "-p", String(port), ...network], {
    ...account,
    stdio: ["ignore", log, log],
    cwd: "/",
  });
}

/** PostgreSQL refuses to run as root; Debian's package brings an account for it. */
function postgresAccount(): { readonly uid: number; readonly gid: number } | { readonly uid?: never } {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("postgres:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error('Cannot start postgres as root: there is no account "postgres"');
  return { uid: Number(uid), gid: Number(gid) };
}

function findPostgres(): string | undefined {
  return POSTGRES_VERSIONS.map((version) => `/usr/lib/postgresql/${version}/bin`).find((folder) =>
    existsSync(join(folder, "postgres")),
  );
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function databaseOf(peer: string): string {
  return `bench_${peer.replaceAll(/[^a-z0-9]/g, "_")}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port on loopback");
  return address.port;
}
