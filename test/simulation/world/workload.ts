import type { JobDefinition } from "../../../core/job/definition.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import { LATER } from "../ports/next-version.ts";
import type { Client, ClientAnswer, SendOptions } from "./client.ts";
import { drawDefinition, drawTemper } from "./job-shapes.ts";
import type { Bias } from "./profiles.ts";
import type { Simulation } from "./simulation.ts";
import type { Temper } from "./user-code.ts";

export interface WorkloadOptions {
  readonly jobs: number;
  /** Deeds of clients besides the first definitions. */
  readonly deeds: number;
  readonly horizonMs: number;
  readonly zone: string;
  readonly bias: Bias | undefined;
  /** No run has to wait for another. */
  readonly isFree: boolean;
  readonly draws: KeyedDraws;
}

export const NAMESPACE = "default";
const MAX_ROUNDS = 20;
/** The draw that stands for a definition. */
const DEFINE = 0.6;
const EXISTING = { "if-match": "*" };
const BASE = `/v1/namespaces/${NAMESPACE}`;

/** What people and programs do with the platform while it is harmed: each deed drawn by itself, at an instant of its own. */
export class Workload {
  readonly #simulation: Simulation;
  readonly #client: Client;
  readonly #options: WorkloadOptions;
  readonly #tempers = new Map<string, Temper>();

  constructor(simulation: Simulation, client: Client, options: WorkloadOptions) {
    this.#simulation = simulation;
    this.#client = client;
    this.#options = options;
  }

  get jobs(): readonly string[] {
    return Array.from({ length: this.#options.jobs }, (_, index) => `job-${index + 1}`);
  }

  temperOf(job: string): Temper {
    let temper = this.#tempers.get(job);
    if (temper === undefined) {
      temper = drawTemper(this.#options.draws.part(`temper of ${job}`));
      this.#tempers.set(job, temper);
    }
    return temper;
  }

  /** Plans every deed of the history. */
  plan(): void {
    const { jobs, horizonMs, deeds, draws } = this.#options;
    if (draws.isIn(0.4, "has calendar")) this.#plan("calendar", 0, () => this.#publishCalendar("calendar 0"));
    for (let index = 0; index < jobs; index += 1) {
      const name = `job-${index + 1}`;
      const atMs = index < 2 ? 100 * (index + 1) : draws.draw(`begin ${name}`) * horizonMs * 0.3;
      this.#plan(`define ${name}`, atMs, () => this.#defineFirst(name));
    }
    for (let index = 0; index < deeds; index += 1) {
      const deed = `deed ${index}`;
      const atMs = draws.draw(`${deed} at`) * horizonMs;
      this.#plan(deed, atMs, () => this.#doSomething(deed));
    }
  }

  /** Keeps on until it is done: what is left of the hostile part must not hold up the end of the history. */
  async insist(method: string, path: string, options: SendOptions = {}): Promise<ClientAnswer> {
    let answer: ClientAnswer | undefined;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      answer = await this.#client.send(method, path, options);
      if (answer !== undefined && (answer.status < 400 || answer.status === 404)) return answer;
    }
    throw new Error(`Cannot ${method} ${path}: ${JSON.stringify(answer?.body ?? "no answer")}`);
  }

  /** Lets a job go on and gives it a schedule that has no slot for long. */
  async end(job: string): Promise<void> {
    const path = `${BASE}/jobs/${job}`;
    const known = await this.insist("GET", path);
    if (known.status !== 200) return;
    const { state, definition } = known.body as { state: string; definition: JobDefinition & { [LATER]?: unknown } };
    if (state === "deleted") return;
    if (state === "paused") await this.insist("POST", `${path}/resume`, { body: { missed: "last" } });
    const body = { ...definition, [LATER]: undefined, schedule: { at: "2026-12-31T00:00:00Z" } };
    await this.insist("PUT", path, { body, headers: EXISTING });
    if (this.#options.bias === "workflows") await this.#resumeWorkflows(path);
  }

  #plan(name: string, atMs: number, act: () => Promise<unknown>): void {
    const { kernel, faults } = this.#simulation;
    kernel.at(atMs, () => {
      if (!faults.carryOut("deed", `deed|${name}`)) return;
      void act();
    });
  }

  /** Somebody wants the job, and asks again until it is there. */
  async #defineFirst(name: string): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const answer = await this.#define(name, `first ${name}`);
      if (answer !== undefined && answer.status < 500) return;
      await this.#rest(1_000);
    }
  }

  #define(
    name: string,
    what: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ClientAnswer | undefined> {
    const { draws, horizonMs, zone, isFree, bias } = this.#options;
    const { kernel } = this.#simulation;
    const definition: JobDefinition = drawDefinition(draws.part(what), {
      name,
      nowMs: kernel.trueMs,
      leftMs: Math.max(60_000, horizonMs - kernel.nowMs),
      zone,
      calendars: this.#calendars(),
      isFree,
      bias,
      isSteady: what === "first job-1",
    });
    return this.#send("PUT", `${BASE}/jobs/${name}`, { body: definition, headers });
  }

  #publishCalendar(what: string): Promise<unknown> {
    const { draws } = this.#options;
    const today = new Date(this.#simulation.kernel.trueMs).toISOString().slice(0, 10);
    const isClosed = draws.part(what).isIn(0.25, "closed");
    const body = { name: "cal", ...(isClosed ? { exclude: [today] } : {}) };
    return this.#send("PUT", `${BASE}/calendars/cal`, { body });
  }

  #calendars(): readonly string[] {
    return this.#client.history.some(({ path, answer }) => path.endsWith("/calendars/cal") && answer?.status === 201)
      ? ["cal"]
      : [];
  }

  async #doSomething(deed: string): Promise<unknown> {
    const draws = this.#options.draws.part(deed);
    const job = draws.pick(this.jobs, "job");
    const path = `${BASE}/jobs/${job}`;
    if (this.#options.bias === "workflows" && draws.isIn(0.4, "about a workflow"))
      return this.#withSomeRun(path, draws, (id) => this.#directWorkflow(id, draws));
    const kind = this.#options.bias === "definitions" && draws.isIn(0.8, "defines") ? DEFINE : draws.draw("kind");
    if (kind < 0.28) return this.#trigger(deed, path, draws);
    if (kind < 0.4) return this.#send("POST", `${path}/pause`, { body: {} });
    if (kind < 0.54)
      return this.#send("POST", `${path}/resume`, {
        body: { missed: draws.pick(["now", "last", "all"] as const, "missed") },
      });
    if (kind < 0.64) return this.#define(job, `${deed} of ${job}`, draws.isIn(0.8, "existing") ? EXISTING : {});
    if (kind < 0.69) return this.#send("DELETE", `${path}?cancel=true`);
    if (kind < 0.84) return this.#withSomeRun(path, draws, (id) => this.#cancel(id, draws));
    if (kind < 0.88)
      return this.#withSomeRun(path, draws, (id) => this.#send("POST", `/v1/runs/${id}/rerun`, { body: {} }));
    if (kind < 0.93) return this.#backfill(path, draws);
    if (kind < 0.95) return this.#publishCalendar(deed);
    if (kind < 0.96 && !this.#options.isFree) {
      await this.#send("POST", "/v1/platform/pause", { body: {} });
      await this.#rest(draws.within(5_000, 60_000, "platform rests"));
      return this.#send("POST", "/v1/platform/resume", { body: {} });
    }
    return this.#send("GET", draws.pick([path, `${path}/ledger`, `${path}/why`, `${path}/runs`], "look"));
  }

  async #trigger(deed: string, path: string, draws: KeyedDraws): Promise<unknown> {
    const { trueMs } = this.#simulation.kernel;
    const at = new Date(Math.floor(trueMs + draws.magnitude(1_000, 600_000, "delay"))).toISOString();
    // By its parameters a run is known to be of this deed.
    const single = { parameters: { deed }, ...(draws.isIn(0.4, "delayed") ? { at } : {}) };
    const other = { parameters: { deed } };
    const body = draws.isIn(0.2, "many") ? { requests: [single, other, other] } : single;
    if (draws.isIn(0.3, "without key")) return this.#send("POST", `${path}/runs`, { body });
    // A client that was not answered asks again, and so does one that never got the answer that was sent.
    const headers = { "idempotency-key": deed.replace(" ", "-") };
    for (let round = 0; round < 4; round += 1) {
      const answer = await this.#send("POST", `${path}/runs`, { body, headers });
      if (answer !== undefined && answer.status < 500 && draws.isIn(0.7, `content ${round}`)) return answer;
      await this.#rest(draws.magnitude(50, 5_000, `again ${round}`));
    }
    return undefined;
  }

  /** What people do with a workflow that is under way, or has ended. */
  async #directWorkflow(id: string, draws: KeyedDraws): Promise<unknown> {
    const kind = draws.draw("direction");
    if (kind < 0.3) {
      await this.#send("POST", `/v1/runs/${id}/pause`, { body: {} });
      await this.#rest(draws.within(1_000, 60_000, "pause of a workflow"));
      return this.#send("POST", `/v1/runs/${id}/resume`, { body: {} });
    }
    if (kind < 0.5) return this.#send("POST", `/v1/runs/${id}/cancel`, { body: {} });
    const step = `s${draws.between(1, 6, "step")}`;
    const as = draws.pick(["succeeded", "skipped"] as const, "mark");
    if (kind < 0.7) return this.#send("POST", `/v1/runs/${id}.${step}/mark`, { body: { as } });
    const body = {
      definition: draws.pick(["same", "latest"] as const, "definition"),
      ...(draws.isIn(0.3, "from") ? { from: [step] } : {}),
      ...(draws.isIn(0.3, "marks") ? { marks: { s1: as } } : {}),
    };
    return this.#send("POST", `/v1/runs/${id}/redrive`, { body });
  }

  /** Nobody may be left to resume a workflow that was paused. */
  async #resumeWorkflows(path: string): Promise<void> {
    const { body } = await this.insist("GET", `${path}/runs?limit=1000&status=running`);
    const { items = [] } = body as { items?: readonly { id: string; paused?: unknown }[] };
    for (const { id, paused } of items) {
      if (paused !== undefined) await this.#insistOnResume(id);
    }
  }

  async #insistOnResume(id: string): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const answer = await this.#client.send("POST", `/v1/runs/${id}/resume`, { body: {} });
      // 409: it has ended meanwhile.
      if (answer !== undefined && (answer.status < 400 || answer.status === 409)) return;
    }
    throw new Error(`Cannot resume ${id}`);
  }

  #cancel(id: string, draws: KeyedDraws): Promise<unknown> {
    const body = draws.isIn(0.2, "at once") ? { graceMs: 0 } : {};
    return this.#send("POST", `/v1/runs/${id}/cancel`, { body });
  }

  #backfill(path: string, draws: KeyedDraws): Promise<unknown> {
    const { trueMs } = this.#simulation.kernel;
    const toMs = trueMs - draws.between(1, 600, "back") * 1_000;
    // Of jobs that are due every second, no more than can be run one after the other before the end.
    const mostS = this.#options.bias === "bursts" ? 30 : 900;
    const fromMs = toMs - draws.between(10, mostS, "long") * 1_000;
    const reprocess = draws.pick(["none", "failed", "all"] as const, "reprocess");
    const body = {
      from: new Date(Math.floor(fromMs)).toISOString(),
      to: new Date(Math.floor(toMs)).toISOString(),
      concurrency: draws.between(1, 3, "concurrency"),
      reprocess,
    };
    return this.#send("POST", `${path}/backfills`, { body });
  }

  async #withSomeRun(path: string, draws: KeyedDraws, act: (id: string) => Promise<unknown>): Promise<unknown> {
    const answer = await this.#send("GET", `${path}/runs?limit=20`);
    const { items = [] } = (answer?.body ?? {}) as { items?: readonly { id: string; status: string }[] };
    const open = items.filter(({ status }) => ["queued", "running", "retrying"].includes(status));
    const among = open.length > 0 && draws.isIn(0.8, "open") ? open : items;
    return among.length === 0 ? undefined : act(draws.pick(among, "run").id);
  }

  #send(method: string, path: string, options: SendOptions = {}): Promise<ClientAnswer | undefined> {
    return this.#client.send(method, path, options);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => this.#simulation.kernel.in(ms, resolve));
  }
}
