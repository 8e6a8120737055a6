import { setTimeout } from "node:timers/promises";
import type { Job } from "../../api/contract/job.ts";
import type { Run } from "../../api/contract/run.ts";
import { CarillonClient } from "../../client/sdk/client.ts";
import { route } from "../../client/sdk/route.ts";
import { Transport, type TransportOptions } from "../../client/sdk/transport.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { Draws } from "./draws.ts";
import {
  CHANGED_JOBS,
  definitionOf,
  isOfLoad,
  JOBS,
  loadJobs,
  MANUAL_JOBS,
  type WorkloadJob,
  withoutSchedule,
} from "./jobs.ts";
import { isFinal } from "./check/runs.ts";
import { type Answer, type Operation, operate, type Wish } from "./operations.ts";

export const NAMESPACE = "chaos";

export interface WorkloadOptions {
  /** Address for the operations; what is in between may lose and delay them. */
  readonly url: string;
  readonly token: string;
  readonly effectsPath: string;
  readonly draws: Draws;
  /** Jobs besides, of a second's period. */
  readonly load: number;
  /** The latest wall time that the processes under test have been shown. */
  readonly latestHostMs: () => number;
  /** Jobs with a schedule besides those that are changed. Default: all. */
  readonly scheduled?: readonly string[];
  /** How many times slower than usual things are asked for. Default 1. */
  readonly slowness?: number;
}

/** Pause between the beginnings of two operations. */
const PACE_MS = 120;
const OBSERVE_MS = 1_500;
const OBSERVED_RUNS = 40;
const TIMEOUT_MS = 4_000;
/** When nothing is harmed any more an answer is waited for. */
const PATIENT_TIMEOUT_MS = 30_000;
const MAX_AT_ONCE = 24;
const NOBODY: { count: number } = { count: 0 };

/** What operators and programs ask of the platform while it is harmed, and what they are told. */
export class Workload {
  /** In the order in which they ended. */
  readonly operations: Operation[] = [];
  /** Final states that the API has shown: of each run the first one. */
  readonly finals = new Map<string, Run>();
  readonly #options: WorkloadOptions;
  readonly #jobs = new Set<string>();
  readonly #recent: string[] = [];
  readonly #pending = new Set<Promise<void>>();
  #temporary: string[] = [];
  #count = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** Every job that there may be. */
  get jobs(): readonly string[] {
    return [...this.#jobs];
  }

  /** Operations that are on their way. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Defines the jobs. */
  async define(): Promise<void> {
    const { scheduled, load } = this.#options;
    const jobs = JOBS.filter(({ name }) => scheduled?.includes(name) ?? true);
    const all = [...jobs, ...CHANGED_JOBS, ...MANUAL_JOBS, ...loadJobs(load)];
    for (const job of all) await this.#carryOut(this.#define(job));
  }

  /** Asks for one thing after another until `signal` is aborted; then waits for the answers. */
  async run(signal: AbortSignal): Promise<void> {
    const { slowness = 1 } = this.#options;
    const observing = this.#observe(signal);
    while (!signal.aborted) {
      if (this.#pending.size < MAX_AT_ONCE / slowness) this.#begin();
      await setTimeout(PACE_MS * slowness, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all([observing, ...this.#pending]);
  }

  /** Ends what becomes due by itself: resumes what is paused and takes the schedules away. */
  async end(url: string): Promise<void> {
    for (const job of this.jobs) await this.#endOne(job, url);
  }

  #begin(): void {
    this.#count += 1;
    const random = this.#options.draws.at(`operation ${this.#count}`);
    for (const wish of this.#draw(random)) {
      const work = this.#carryOut(wish).finally(() => this.#pending.delete(work));
      this.#pending.add(work);
    }
  }

  #draw(random: SeededRandom): readonly Wish[] {
    const draw = random.next();
    if (draw < 0.45) return [this.#trigger(random, { isIdempotent: true })];
    if (draw < 0.5) {
      // The same request twice at once: one run.
      const wish = this.#trigger(random, { isIdempotent: true });
      return [wish, wish];
    }
    if (draw < 0.62) return [this.#trigger(random, { isIdempotent: false })];
    if (draw < 0.72) return [random.next() < 0.5 ? this.#pause(random) : this.#resume(random)];
    if (draw < 0.82) return [this.#edit(random)];
    if (draw < 0.94) return this.#cancel(random);
    return [this.#temporary.length < 3 ? this.#defineTemporary() : this.#delete(random)];
  }

  async #carryOut(wish: Wish): Promise<void> {
    const operation = await operate(wish, this.#options.latestHostMs);
    this.operations.push(operation);
    if (operation.answer?.runId !== undefined) this.#recent.push(operation.answer.runId);
    this.#recent.splice(0, this.#recent.length - OBSERVED_RUNS);
  }

  #id(): string {
    return `op-${this.#count}`;
  }

  #define(job: WorkloadJob): Wish {
    this.#jobs.add(job.name);
    const definition = definitionOf(job, this.#options.effectsPath);
    return {
      id: `define-${job.name}`,
      kind: "define",
      job: job.name,
      isIdempotent: false,
      send: async (sends) => toldOfJob(await this.#client(sends).jobs.put(NAMESPACE, definition, { ifAbsent: true })),
    };
  }

  #defineTemporary(): Wish {
    const name = `temporary-${this.#count}`;
    this.#temporary.push(name);
    return this.#define({ name, everyS: 1, executor: "touch", rest: { overlap: "allow" } });
  }

  #delete(random: SeededRandom): Wish {
    const job = random.pick(this.#temporary);
    this.#temporary = this.#temporary.filter((name) => name !== job);
    return {
      id: this.#id(),
      kind: "delete",
      job,
      isIdempotent: false,
      send: async (sends) => {
        await this.#client(sends).jobs.delete({ namespace: NAMESPACE, job }, { cancel: true });
        return {};
      },
    };
  }

  #trigger(random: SeededRandom, { isIdempotent }: { readonly isIdempotent: boolean }): Wish {
    const { name: job } = random.pick(MANUAL_JOBS);
    const id = this.#id();
    const parameters = { operation: id };
    const send = isIdempotent
      ? (sends: { count: number }) =>
          this.#client(sends).jobs.trigger({ namespace: NAMESPACE, job }, { parameters }, { idempotencyKey: id })
      : (sends: { count: number }) =>
          new Transport(this.#transport(sends)).json<Run>("POST", route`/v1/namespaces/${NAMESPACE}/jobs/${job}/runs`, {
            body: { parameters },
          });
    return { id, kind: "trigger", job, isIdempotent, send: async (sends) => toldOfRun(await send(sends)) };
  }

  #pause(random: SeededRandom): Wish {
    const { name: job } = random.pick(CHANGED_JOBS);
    const send = async (sends: { count: number }) =>
      toldOfJob(await this.#client(sends).jobs.pause({ namespace: NAMESPACE, job }));
    return { id: this.#id(), kind: "pause", job, isIdempotent: true, send };
  }

  #resume(random: SeededRandom): Wish {
    const { name: job } = random.pick(CHANGED_JOBS);
    const missed = random.pick(["now", "last", "all"] as const);
    const send = async (sends: { count: number }) =>
      toldOfJob(await this.#client(sends).jobs.resume({ namespace: NAMESPACE, job }, { missed }));
    return { id: this.#id(), kind: "resume", job, isIdempotent: true, send };
  }

  #edit(random: SeededRandom): Wish {
    const job = random.pick(CHANGED_JOBS);
    const everyS = random.pick([1, 2, 3, 4, 5]);
    const definition = definitionOf({ ...job, everyS }, this.#options.effectsPath);
    const send = async (sends: { count: number }) => {
      const { version } = await this.#client(NOBODY).jobs.get({ namespace: NAMESPACE, job: job.name });
      return toldOfJob(await this.#client(sends).jobs.put(NAMESPACE, definition, { ifVersion: version }));
    };
    return { id: this.#id(), kind: "edit", job: job.name, isIdempotent: false, send };
  }

  #cancel(random: SeededRandom): readonly Wish[] {
    if (this.#recent.length === 0) return [];
    const runId = random.pick(this.#recent);
    const job = runId.slice(NAMESPACE.length + 1, runId.indexOf("@"));
    const body = random.pick([{ graceMs: 0 }, { graceMs: 500 }, {}]);
    const send = async (sends: { count: number }) => toldOfRun(await this.#client(sends).runs.cancel(runId, body));
    return [{ id: this.#id(), kind: "cancel", job, isIdempotent: false, send }];
  }

  /** Reads the newest runs again and again, and keeps the final states that it sees. */
  async #observe(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const job of this.jobs) {
        if (signal.aborted) return;
        // To look at all of the load again and again would be the greater load.
        if (isOfLoad(job)) continue;
        await this.#observeOne(job).catch(() => undefined);
      }
      await setTimeout(OBSERVE_MS * (this.#options.slowness ?? 1), undefined, { signal }).catch(() => undefined);
    }
  }

  async #observeOne(job: string): Promise<void> {
    let seen = 0;
    for await (const run of this.#client(NOBODY).jobs.runs({ namespace: NAMESPACE, job }, { limit: OBSERVED_RUNS })) {
      if (run.endedAt !== undefined && isFinal(run) && !this.finals.has(run.id)) this.finals.set(run.id, run);
      // Also runs in progress are worth a cancellation.
      if (run.status === "running" && job !== "exclusive") this.#recent.push(run.id);
      seen += 1;
      if (seen === OBSERVED_RUNS) break;
    }
  }

  async #endOne(job: string, url: string): Promise<void> {
    const key = { namespace: NAMESPACE, job };
    const client = (sends: { count: number }) =>
      new CarillonClient({ ...this.#transport(sends), url, timeoutMs: PATIENT_TIMEOUT_MS });
    const reading = client(NOBODY);
    const found = await reading.jobs.find(key);
    if (found === undefined) return;
    const base = { job, isIdempotent: false } as const;
    if (found.state === "paused") {
      const send = async (sends: { count: number }) =>
        toldOfJob(await client(sends).jobs.resume(key, { missed: "last" }));
      await this.#carryOut({ ...base, id: `resume-${job}`, kind: "resume", send });
    }
    const { version, definition } = await reading.jobs.get(key);
    const send = async (sends: { count: number }) =>
      toldOfJob(await client(sends).jobs.put(NAMESPACE, withoutSchedule(definition), { ifVersion: version }));
    await this.#carryOut({ ...base, id: `end-${job}`, kind: "edit", send });
  }

  #client(sends: { count: number }): CarillonClient {
    return new CarillonClient(this.#transport(sends));
  }

  /** Counts what is sent that may change something. */
  #transport(sends: { count: number }): TransportOptions {
    const { url, token } = this.#options;
    return {
      url,
      token,
      timeoutMs: TIMEOUT_MS,
      fetch(target, init) {
        if (init.method !== "GET") sends.count += 1;
        return fetch(target, init);
      },
    };
  }
}

function toldOfJob({ version, since, state }: Job): Answer {
  return { version, since, state };
}

function toldOfRun({ id, status, attempt }: Run): Answer {
  return { runId: id, status, attempt };
}
