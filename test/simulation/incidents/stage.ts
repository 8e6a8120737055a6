import { expect } from "vitest";
import { AWS_KNOBS, EMBEDDED_KNOBS, type Knobs } from "../../../core/knobs.ts";
import type { JobDefinition } from "../../../core/job/definition.ts";
import type { Stored } from "../../../core/ports/table.ts";
import type { JobEntry } from "../../../core/store/due-index.ts";
import { MemoryRunLogs } from "../../support/memory-run-logs.ts";
import { Checks, type Violation } from "../check/checks.ts";
import type { GapRow, LeaseRow, RunRow } from "../check/rows.ts";
import { FaultPlan } from "../faults/fault-plan.ts";
import { Kernel } from "../kernel/kernel.ts";
import { KeyedDraws } from "../kernel/keyed-draws.ts";
import { Trace } from "../kernel/trace.ts";
import { withTripwires } from "../kernel/tripwires.ts";
import type { Body } from "../world/body.ts";
import { Client, type ClientAnswer, type SendOptions } from "../world/client.ts";
import { cloudBody } from "../world/cloud-body.ts";
import { embeddedBody } from "../world/embedded-body.ts";
import type { SimProcess } from "../world/sim-process.ts";
import { Simulation } from "../world/simulation.ts";
import type { Effect } from "../world/user-code.ts";
import { type Cue, type CueOptions, Cues } from "./cues.ts";
import { SteadyDraws } from "./steady-draws.ts";

export interface StageOptions {
  /** @default "embedded" */
  readonly body?: "embedded" | "cloud";
  /** True wall time of the beginning. @default a Monday in January, ten o'clock in UTC */
  readonly begins?: string;
  /** Embedded only. @default 1 */
  readonly servers?: number;
  /** Embedded only. @default 1 */
  readonly workers?: number;
  /** `false`: every scheduler believes that it owns everything. @default true */
  readonly hasLeases?: boolean;
  readonly knobs?: Partial<Knobs>;
  /** Longest that the scene may last. @default 2 h */
  readonly longestMs?: number;
}

type Definition = Partial<JobDefinition> & { readonly name: string };

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;

const LEDGER = "run#default#";
const BASE = "/v1/namespaces/default";
const FAR_OFF = { at: "2026-12-31T00:00:00Z" };

/**
 * Plays a scene: sets the stage, lets the script act, heals everything, lets no schedule go on, and has it all judged by the
 * checkers of the simulator. What the script itself has to assert is that the circumstance of the incident came about.
 * With `TELL` in the environment, everything that happens is printed.
 */
export function play(options: StageOptions, script: (stage: Stage) => Promise<void>): Promise<Stage> {
  return withTripwires(async () => {
    const stage = new Stage(options);
    await script(stage);
    await stage.end();
    return stage;
  });
}

/** The product in virtual time, without any harm but what a script asks for. */
export class Stage {
  readonly kernel: Kernel;
  readonly simulation: Simulation;
  readonly body: Body;
  /** What user code has done. */
  readonly effects: Effect[] = [];
  /** Bodies of all messages that were accepted, and when. */
  readonly sent: { readonly atMs: number; readonly body: string; readonly delayMs: number }[] = [];
  /** Commits at the table so far. */
  commits = 0;
  readonly #client: Client;
  readonly #checks: Checks;
  readonly #faults: FaultPlan;
  readonly #cues: Cues;
  readonly #jobs = new Map<string, Definition>();
  readonly #takesMs = new Map<string, number>();

  constructor(options: StageOptions) {
    const { begins = "2026-01-05T10:00:00Z", hasLeases = true, servers = 1, workers = 1, knobs = {} } = options;
    const isCloud = options.body === "cloud";
    this.kernel = new Kernel(Date.parse(begins));
    const draws = new SteadyDraws();
    this.#cues = new Cues(draws);
    this.#faults = new FaultPlan({ draws, classes: [], script: (...call) => this.#cues.befall(...call) });
    const base = isCloud ? { ...AWS_KNOBS, settleMaxMs: 5 * MINUTE_MS } : { ...EMBEDDED_KNOBS, settleMaxMs: MINUTE_MS };
    this.simulation = new Simulation({
      kernel: this.kernel,
      // For ids, which have to differ.
      draws: new KeyedDraws(1),
      faults: this.#faults,
      trace: new Trace(process.env["TELL"] === undefined ? undefined : (line) => process.stdout.write(`${line}\n`)),
      knobs: { ...base, shards: 1, ...knobs },
      knowsFates: false,
      hasWholeSeconds: isCloud,
      hasLeases,
      isMixed: false,
    });
    const { effects, simulation, kernel } = this;
    const { longestMs = 120 * MINUTE_MS } = options;
    this.#checks = new Checks(simulation, {
      effects,
      isPrecise: false,
      skewMs: 0,
      longestMs,
      onBroken: () => undefined,
    });
    simulation.items.onCommit(() => (this.commits += 1));
    this.#noteMessages();
    const temperOf = (job: string) => {
      const takesMs = this.#takesMs.get(job) ?? 100;
      return { shortestMs: takesMs, longestMs: takesMs, failing: 0, fatal: 0, hanging: 0, stubborn: 0 };
    };
    const code = { kernel, draws: new KeyedDraws(1), effects, temperOf };
    const common = { slots: 10, logs: new MemoryRunLogs(), code };
    this.body = isCloud
      ? cloudBody(simulation, { ...common, drainMs: 20_000 })
      : embeddedBody(simulation, { ...common, servers, workers, drainMs: 5_000 });
    this.#client = new Client(simulation, this.body.apis);
    this.#checks.client = this.#client;
  }

  get violations(): readonly Violation[] {
    return this.#checks.violations;
  }

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.kernel.nowMs;
  }

  /** Has something befall a call that is yet to come. */
  cue(options: CueOptions): Cue {
    return this.#cues.add(options);
  }

  async runTo(atMs: number): Promise<void> {
    await this.kernel.runUntil(atMs);
  }

  async runFor(ms: number): Promise<void> {
    await this.kernel.runUntil(this.nowMs + ms);
  }

  /** Lets time pass until something is so; fails when it is not in time. */
  async until(what: string, isSo: () => boolean, withinMs = 2 * MINUTE_MS): Promise<void> {
    const endMs = this.nowMs + withinMs;
    while (!isSo()) {
      if (this.nowMs >= endMs) throw new Error(`Cannot go on with the scene: ${what} has not come about`);
      await this.runFor(STEP_MS);
    }
  }

  /** Sends a request until it is answered. */
  async request(method: string, path: string, options: SendOptions = {}): Promise<ClientAnswer> {
    for (let round = 0; round < 5; round += 1) {
      let answer: ClientAnswer | "none" | undefined;
      void this.#client.send(method, path, options).then((given) => (answer = given ?? "none"));
      await this.until("an answer", () => answer !== undefined);
      if (typeof answer === "object" && answer.status < 500) return answer;
    }
    throw new Error(`Cannot ${method} ${path}: nobody answers`);
  }

  /** Defines a job whose attempts succeed after `takesMs`. */
  async define(definition: Definition, { takesMs = 100 } = {}): Promise<void> {
    this.#jobs.set(definition.name, definition);
    this.#takesMs.set(definition.name, takesMs);
    const body = { executor: { type: "command", argv: ["true"] }, ...definition };
    const { status, body: told } = await this.request("PUT", `${BASE}/jobs/${definition.name}`, { body });
    expect(status, JSON.stringify(told)).toBe(201);
  }

  /** A deed upon a job: `pause`, `resume`, `runs`. */
  async post(job: string, deed: string, body: unknown = {}): Promise<ClientAnswer> {
    const answer = await this.request("POST", `${BASE}/jobs/${job}/${deed}`, { body });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer;
  }

  /** A server or worker by its name, such as `server-1`. */
  process(name: string): SimProcess {
    const found = [...this.body.schedulers, ...this.body.workers()].find((process) => process.name === name);
    if (found === undefined) throw new RangeError(`Cannot find process "${name}"`);
    return found;
  }

  runs(job: string): readonly RunRow[] {
    return this.#ledger(job).flatMap(({ key, body }) => (key.sk.endsWith("~gap") ? [] : [body as RunRow]));
  }

  gaps(job: string): readonly GapRow[] {
    return this.#ledger(job).flatMap(({ key, body }) => (key.sk.endsWith("~gap") ? [body as GapRow] : []));
  }

  /** Instants of the slots that fired, milliseconds since the beginning. */
  fired(job: string): readonly number[] {
    return this.runs(job)
      .filter(({ cause, attempt }) => cause === "slot" && attempt > 0)
      .map(({ slotAtMs }) => slotAtMs - this.kernel.epochMs);
  }

  /** The run of a job's slot. */
  runAt(job: string, slotMs: number): RunRow | undefined {
    return this.runs(job).find(({ cause, slotAtMs }) => cause === "slot" && slotAtMs === slotMs + this.kernel.epochMs);
  }

  /** Messages that were sent for the run of a slot, or of a stamp. */
  bells(job: string, slot: number | string): number {
    const stamp = typeof slot === "string" ? slot : stampAt(this.kernel.epochMs + slot);
    const isFor = (body: string): boolean => body.includes(`"job":"${job}"`) && body.includes(stamp);
    return this.sent.filter(({ body }) => isFor(body)).length;
  }

  /** What user code has done for the runs of a job. */
  effectsOf(job: string): readonly Effect[] {
    return this.effects.filter(({ runId }) => runId.startsWith(`default.${job}@`));
  }

  /** Entries of the due index that walk a job. */
  walks(job: string): readonly JobEntry[] {
    const entries = this.simulation.items.dump("due#").map(({ body }) => body as JobEntry);
    return entries.filter((entry) => entry.kind === "job" && entry.job === job);
  }

  /** The lease of the shard. */
  lease(): LeaseRow | undefined {
    return this.simulation.items.dump("lease#scheduler").map(({ body }) => body as LeaseRow)[0];
  }

  /** How often something was counted: a fault, or `metric …`. */
  count(name: string): number {
    return this.#faults.counts.get(name) ?? 0;
  }

  /** Heals everything, lets no schedule go on and what is left come to its end; then everything is judged. */
  async end(): Promise<void> {
    this.#faults.isHostile = false;
    this.#checks.endHostile();
    this.simulation.endOutages();
    this.body.heal();
    for (const [name, definition] of this.#jobs) {
      const { body } = await this.request("GET", `${BASE}/jobs/${name}`);
      if ((body as { state: string }).state === "paused") await this.post(name, "resume", { missed: "now" });
      const last = { executor: { type: "command", argv: ["true"] }, ...definition, schedule: FAR_OFF };
      const headers = { "if-match": "*" };
      const { status } = await this.request("PUT", `${BASE}/jobs/${name}`, { body: last, headers });
      expect(status).toBe(200);
    }
    const { settleMaxMs, settleAfterMs, visibilityMs } = this.simulation.knobs;
    await this.runFor(2 * settleMaxMs + 2 * settleAfterMs + visibilityMs + MINUTE_MS);
    this.#checks.judge(undefined);
  }

  #ledger(job: string): readonly Stored[] {
    const pk = `${LEDGER}${job}`;
    return this.simulation.items.dump(pk).filter(({ key }) => key.pk === pk);
  }

  #noteMessages(): void {
    const { service } = this.simulation;
    const send = service.send.bind(service);
    service.send = (queue, message) => {
      this.sent.push({ atMs: this.nowMs, body: message.body, delayMs: message.delayMs });
      send(queue, message);
    };
  }
}

/** How exactly an instant is found that a script waits for. */
const STEP_MS = 10;

/** The stamp of the run of a slot. */
export function stampAt(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll("-", "").replaceAll(":", "");
}
