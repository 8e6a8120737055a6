import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Knobs } from "../../core/knobs.ts";
import type { Journal } from "./journal.ts";
import { findAttemptProcesses, findProcesses, findWorkers, type Found, foundOf, signal } from "./processes.ts";

/** The product's own, shrunk: what takes seconds there takes a part of one here. */
export const CHAOS_KNOBS: Partial<Knobs> = {
  lookAheadMs: 6_000,
  leadMs: 3_000,
  misfireAfterMs: 3_000,
  settleAfterMs: 4_000,
  settleMaxMs: 8_000,
  visibilityMs: 2_000,
  giveBackAfterMs: 1_000,
  heartbeatMs: 400,
  commandPollMs: 400,
  workerDeadAfterMs: 2_500,
  leaseMs: 2_500,
  pollMs: 500,
};

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
const PRELOAD = new URL("shims/preload.ts", import.meta.url).href;
const HANDLERS = fileURLToPath(new URL("handlers", import.meta.url));
const START_TIMEOUT_MS = 30_000;
const END_WITHIN_MS = 40_000;
const REST_MS = 300;

export interface EmbeddedHostOptions {
  /** Of everything that the round leaves; the data folder is in it. */
  readonly folder: string;
  /** By which the processes of attempts are known. */
  readonly effectsPath: string;
  readonly servers: number;
  /** Worker processes of each server. */
  readonly workers: number;
  readonly controlPath: string;
  readonly journal: Journal;
}

/** A server process of the round. */
export interface Server {
  readonly id: string;
  readonly child: ChildProcess;
  readonly process: Found;
  readonly url: string;
  /** It was told to end. */
  isLeaving: boolean;
  /** It ends some time, and nothing takes its place. */
  readonly isExtra: boolean;
}

/** Servers and workers of the embedded body, all on one data folder; what ends is started anew as long as it is wanted. */
export class EmbeddedHost {
  readonly dataFolder: string;
  readonly #options: EmbeddedHostOptions;
  readonly #servers = new Map<string, Server>();
  #started = 0;
  #keeping: Promise<void> | undefined;
  #isClosing = false;

  constructor(options: EmbeddedHostOptions) {
    this.#options = options;
    this.dataFolder = join(options.folder, "data");
    mkdirSync(join(options.folder, "logs"), { recursive: true });
    // Should this process fail, nothing of the round may outlive it.
    process.once("exit", () => this.#killAll());
  }

  /** Starts all servers, and from then on replaces those that have ended. */
  async open(): Promise<void> {
    await this.start();
    await Promise.all(Array.from({ length: this.#options.servers - 1 }, () => this.start()));
    this.#keeping = this.#keep();
  }

  /** Those that have not ended. */
  get servers(): readonly Server[] {
    return [...this.#servers.values()];
  }

  /** Address of a server that is to stay. */
  get url(): string {
    const server = this.servers.find(({ isExtra, isLeaving }) => !isExtra && !isLeaving);
    if (server === undefined) throw new Error("Cannot ask: no server is running");
    return server.url;
  }

  get databasePath(): string {
    return join(this.dataFolder, "carillon.db");
  }

  /** The admin token of the first start. */
  get token(): string {
    const { token } = JSON.parse(readFileSync(join(this.dataFolder, "cli.json"), "utf8")) as { token: string };
    return token;
  }

  workers(): readonly Found[] {
    return findWorkers(this.dataFolder);
  }

  /** @throws {Error} when it ended before it listened */
  async start({ isExtra = false }: { readonly isExtra?: boolean } = {}): Promise<Server> {
    if (this.#isClosing) throw new Error("Cannot start a server: the round is over");
    this.#started += 1;
    const id = `server-${this.#started}`;
    const { folder, workers, controlPath, journal } = this.#options;
    const flags = ["--data", this.dataFolder, "--port", "0", "--workers", String(workers), "--handlers", HANDLERS];
    const child = spawn(process.execPath, [MAIN, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_OPTIONS: `--import ${PRELOAD} --disable-warning=ExperimentalWarning`,
        CHAOS_CONTROL: controlPath,
        CHAOS_KNOBS: JSON.stringify(CHAOS_KNOBS),
      },
    });
    child.stderr.pipe(createWriteStream(join(folder, "logs", `${id}.log`)));
    const url = await listeningAt(child);
    const found = foundOf(child.pid ?? 0);
    if (found === undefined) throw new Error(`${id} has ended`);
    const server: Server = { id, child, process: found, url, isLeaving: false, isExtra };
    this.#servers.set(id, server);
    child.once("exit", (code, signalName) => {
      this.#servers.delete(id);
      journal.note(`${id} ended with ${code ?? signalName}`);
    });
    if (child.exitCode !== null || child.signalCode !== null) this.#servers.delete(id);
    journal.note(`${id} serves ${url} as ${child.pid}`);
    return server;
  }

  /** Resolves when as many servers serve as are wanted. */
  async whole(): Promise<void> {
    while (this.#lacking() > 0) await setTimeout(REST_MS);
  }

  /** Ends whatever is left at once. */
  async kill(): Promise<void> {
    this.#isClosing = true;
    await this.#keeping;
    this.#killAll();
  }

  /** Ends everything with SIGTERM and waits for it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#keeping;
    await Promise.all(this.servers.map(({ child }) => endWithin(child, "SIGTERM", END_WITHIN_MS)));
    await this.kill();
  }

  #killAll(): void {
    for (const found of findProcesses(this.dataFolder)) signal(found, "SIGKILL");
    // Those of a worker that was killed: whoever would have cleared them away is gone too.
    for (const found of findAttemptProcesses(this.#options.effectsPath)) signal(found, "SIGKILL");
  }

  #lacking(): number {
    const serving = this.servers.filter(({ isExtra, isLeaving }) => !isExtra && !isLeaving);
    return this.#options.servers - serving.length;
  }

  async #keep(): Promise<void> {
    while (!this.#isClosing) {
      // A start may fail while the disk is full or the database is held; the next one comes soon.
      const starts = Array.from({ length: Math.max(0, this.#lacking()) }, () =>
        this.start().catch((error: unknown) => this.#options.journal.note(`A start failed: ${String(error)}`)),
      );
      await Promise.all(starts);
      await setTimeout(REST_MS);
    }
  }
}

/** @returns whether the process ended in time */
export async function endWithin(child: ChildProcess, signalName: NodeJS.Signals, ms: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const ended = new Promise<true>((resolve) => child.once("exit", () => resolve(true)));
  child.kill(signalName);
  const timer = new AbortController();
  const late = setTimeout(ms, false, { signal: timer.signal }).catch(() => false);
  const isInTime = await Promise.race([ended, late]);
  timer.abort();
  if (!isInTime) child.kill("SIGKILL");
  return isInTime;
}

function listeningAt(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout } = child;
    if (stdout === null) throw new Error("Cannot read the output of the server");
    const timer = AbortSignal.timeout(START_TIMEOUT_MS);
    const giveUp = (): void => {
      reject(new Error(`It did not listen within ${START_TIMEOUT_MS} ms`));
      child.kill("SIGKILL");
    };
    timer.addEventListener("abort", giveUp);
    createInterface({ input: stdout }).on("line", (line) => {
      const match = /running at (\S+),/.exec(line);
      if (match?.[1] === undefined) return;
      timer.removeEventListener("abort", giveUp);
      resolve(match[1]);
    });
    child.once("exit", (code, name) => {
      timer.removeEventListener("abort", giveUp);
      reject(new Error(`It ended with ${code ?? name} before it listened`));
    });
  });
}
