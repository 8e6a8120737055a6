import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { MetricsReport } from "../adapters/embedded/relay-metrics.ts";
import type { Fleet, FleetMember, StopEvidence } from "../core/ports/fleet.ts";

export interface ProcessFleetOptions {
  /** Arguments of every worker process, such as the data folder. */
  readonly workerArguments: readonly string[];
  /** Told when a worker's process has ended without being asked to. */
  readonly onLost: (workerId: string) => void;
  /** Told what workers have measured. */
  readonly onMetrics: (report: MetricsReport) => void;
  /** Told when a worker's process can't be started or reached. */
  readonly onError: (error: unknown) => void;
}

/** What a worker process tells its server. */
export type WorkerMessage = { readonly kind: "ready" } | { readonly kind: "metrics"; readonly report: MetricsReport };

interface Member {
  readonly workerId: string;
  readonly pool: string;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  state: FleetMember["state"];
}

const WORKER_PROGRAM = fileURLToPath(new URL("../worker/main.ts", import.meta.url));
/** The first restart is at once; a worker that dies again soon waits twice as long each time. */
const RESTART_MS = 200;
const MAX_RESTART_MS = 10_000;
const STEADY_AFTER_MS = 30_000;

/** The embedded fleet: worker processes, children of this one. A worker that dies unasked is replaced. */
export class ProcessFleet implements Fleet {
  readonly #options: ProcessFleetOptions;
  readonly #members = new Map<string, Member>();
  readonly #wanted = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  /** Per pool the one restart that waits for its time. */
  readonly #restarts = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: ProcessFleetOptions) {
    this.#options = options;
  }

  resize(pool: string, count: number): Promise<void> {
    this.#wanted.set(pool, count);
    this.#fill(pool);
    const surplus = this.#of(pool).slice(count);
    for (const member of surplus) this.#drain(member);
    return Promise.resolve();
  }

  list(): Promise<readonly FleetMember[]> {
    return Promise.resolve([...this.#members.values()].map(({ workerId, pool, state }) => ({ workerId, pool, state })));
  }

  /** The process of a member, for those who have to do with it as a process. */
  pidOf(workerId: string): number | undefined {
    return this.#members.get(workerId)?.child.pid;
  }

  async stop(workerId: string, { graceMs }: { readonly graceMs: number }): Promise<StopEvidence> {
    const member = this.#members.get(workerId);
    if (member === undefined) return { stopped: true, how: "absent" };
    this.#drain(member);
    if (await endsWithin(member.ended, graceMs)) return { stopped: true, how: "drained" };
    member.child.kill("SIGKILL");
    return (await endsWithin(member.ended, KILL_WAIT_MS))
      ? { stopped: true, how: "killed" }
      : { stopped: false, how: "timeout" };
  }

  /** Drains all workers; those that have not ended after `graceMs` are killed. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed = true;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    await Promise.all([...this.#members.keys()].map((workerId) => this.stop(workerId, { graceMs })));
  }

  #of(pool: string): Member[] {
    return [...this.#members.values()].filter((member) => member.pool === pool && member.state !== "draining");
  }

  #fill(pool: string): void {
    if (this.#closed) return;
    const missing = (this.#wanted.get(pool) ?? 0) - this.#of(pool).length;
    for (let i = 0; i < missing; i += 1) {
      const workerId = `${pool}-${randomUUID().slice(0, 8)}`;
      try {
        this.#watch(workerId, pool, this.#fork(workerId, pool));
      } catch (error) {
        this.#options.onError(error);
        return this.#refillLater(pool, 0);
      }
    }
  }

  #fork(workerId: string, pool: string): ChildProcess {
    return fork(WORKER_PROGRAM, ["--id", workerId, "--pool", pool, ...this.#options.workerArguments], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      // A terminal's interrupt is for the server, which drains its workers in order.
      detached: true,
    });
  }

  #watch(workerId: string, pool: string, child: ChildProcess): void {
    const startedAtMs = performance.now();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const member: Member = { workerId, pool, child, ended, state: "starting" };
    this.#members.set(workerId, member);
    child.on("message", (message: WorkerMessage) => {
      if (message.kind === "metrics") this.#options.onMetrics(message.report);
      else if (member.state === "starting") member.state = "running";
    });
    const end = (): void => {
      if (!this.#members.delete(workerId)) return;
      resolve();
      if (member.state === "draining") return this.#fill(pool);
      if (child.pid !== undefined) this.#options.onLost(workerId);
      this.#refillLater(pool, performance.now() - startedAtMs);
    };
    child.on("exit", end);
    child.on("error", (error) => {
      this.#options.onError(error);
      // A process that never began has no exit either; one that has begun may fail to take a message or a signal.
      if (child.pid === undefined) end();
    });
  }

  /** Fills the pool again, the later the more workers in a row have not lasted. */
  #refillLater(pool: string, livedMs: number): void {
    if (livedMs > STEADY_AFTER_MS) this.#failures.delete(pool);
    if (this.#closed || this.#restarts.has(pool)) return;
    const failures = this.#failures.get(pool) ?? 0;
    this.#failures.set(pool, failures + 1);
    const delayMs = failures === 0 ? 0 : Math.min(MAX_RESTART_MS, RESTART_MS * 2 ** failures);
    const timer = setTimeout(() => {
      this.#restarts.delete(pool);
      this.#fill(pool);
    }, delayMs);
    this.#restarts.set(pool, timer);
  }

  #drain(member: Member): void {
    if (member.state === "draining") return;
    member.state = "draining";
    member.child.kill("SIGTERM");
  }
}

const KILL_WAIT_MS = 5_000;

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const isEnded = await Promise.race([ended.then(() => true), late]);
  clearTimeout(timer);
  return isEnded;
}
