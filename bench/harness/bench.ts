import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "../catalogue.ts";
import type { Order, Step } from "../messages.ts";
import type { Demand, Peer } from "../peer.ts";
import { COUNTS, isMeantFor, type Profile, type Workload } from "../profile.ts";
import type { MeasurementRow, Row } from "../row.ts";
import { runCrash } from "./crash.ts";
import { QUIET_CORES, waitForQuiet } from "./noise.ts";
import { runInProcess, type StepResult } from "./run-step.ts";
import type { Servers } from "./servers.ts";

const DEMANDS: Readonly<Record<Workload, Demand>> = {
  W1: "throughput",
  W2: "latency",
  W3: "latency",
  W4: "latency",
  W5: "recurring",
  W5M: "recurring",
  W6: "crash",
  W7: "throughput",
};
const MINUTE_WINDOW_MS = 10_000;
/** How often a workload is begun anew, with a longer lead, when inserting took too long. */
const MAX_LEADS = 3;
const LEAD_FACTOR = 1.5;

/** Measures contenders in turn: repetition by repetition, and within one of them contender by contender. */
export class Bench {
  readonly #profile: Profile;
  readonly #servers: Servers;
  readonly #folder: string;
  readonly #emit: (row: Row) => void;
  readonly #endMs: number;

  constructor(profile: Profile, parts: { servers: Servers; folder: string; emit: (row: Row) => void }) {
    this.#profile = profile;
    this.#servers = parts.servers;
    this.#folder = parts.folder;
    this.#emit = parts.emit;
    this.#endMs = performance.now() + profile.budgetMs;
  }

  async run(contenders: readonly Contender[]): Promise<void> {
    for (const workload of this.#profile.workloads) {
      const present = contenders.filter((contender) => this.#takesPart(contender, workload));
      if (workload === "W4") await this.#growth(present);
      else await this.#inTurn(present, (contender, repetition) => this.#measure(contender, { workload, repetition }));
    }
  }

  #takesPart({ label, peer }: Contender, workload: Workload): boolean {
    if (!isMeantFor(label, workload)) return false;
    const reason = missingAbility(peer, workload);
    if (reason !== undefined) this.#emit({ kind: "absent", workload, contender: label, reason });
    return reason === undefined;
  }

  async #inTurn(
    contenders: readonly Contender[],
    measure: (contender: Contender, repetition: number) => Promise<void>,
  ): Promise<void> {
    for (let repetition = 1; repetition <= this.#profile.repetitions; repetition += 1) {
      for (const contender of contenders) {
        if (performance.now() < this.#endMs) await measure(contender, repetition);
        else this.#emit({ kind: "absent", contender: contender.label, reason: "the time was up" });
      }
    }
  }

  async #measure(contender: Contender, { workload, repetition }: { workload: Workload; repetition: number }) {
    const row = { workload, contender: contender.label, repetition, level: 0 };
    await this.#quietest(row, async () => {
      await this.#prepare(contender);
      const order = this.#order(contender, DEMANDS[workload]);
      const serverPid = this.#serverPid(contender);
      if (workload === "W6") {
        const { crash: jobs, killAtStart } = COUNTS;
        const watchMs = this.#profile.crashWatchMs;
        return runCrash(order, { jobs, killAtStart, watchMs }, { logFolder: this.#folder, serverPid });
      }
      return this.#withLead(async (leadMs, isAgain) => {
        if (isAgain) await this.#prepare(contender);
        return runInProcess({ ...order, step: this.#step(workload, leadMs) }, { serverPid });
      });
    });
  }

  /** Fills each store level by level and measures precision on top; what a measurement leaves behind is next to nothing. */
  async #growth(stores: readonly Contender[]): Promise<void> {
    const filled = new Map<Contender, number>();
    for (const contender of stores) await this.#prepare(contender, growthStore(contender));
    for (const level of this.#profile.levels) {
      for (const contender of stores) {
        const offset = filled.get(contender) ?? 0;
        if (performance.now() < this.#endMs && (await this.#fill(contender, { level, offset }))) {
          filled.set(contender, level);
        }
      }
      await this.#inTurn(
        stores.filter((contender) => filled.get(contender) === level),
        (contender, repetition) => this.#measureGrown(contender, { repetition, level }),
      );
    }
    for (const contender of stores) await this.#prepare(contender, growthStore(contender));
  }

  async #fill(contender: Contender, { level, offset }: { level: number; offset: number }): Promise<boolean> {
    const { fillLimitMs } = this.#profile;
    const jobs = level - offset;
    const step: Step = { kind: "fill", jobs, offset, limitMs: fillLimitMs };
    const order = this.#order(contender, "latency", growthStore(contender));
    const limitMs = fillLimitMs * 2;
    const result = await runInProcess({ ...order, step }, { serverPid: this.#serverPid(contender), limitMs });
    this.#emit(rowOf({ workload: "fill", contender: contender.label, repetition: 1, level }, result));
    if (contender.peer.needs !== undefined) await this.#servers.quiesce(contender.peer.needs, contender.peer.name);
    return result.kind === "done" && result.figures["filled"] === jobs;
  }

  async #measureGrown(contender: Contender, { repetition, level }: { repetition: number; level: number }) {
    const order = this.#order(contender, "latency", growthStore(contender));
    const serverPid = this.#serverPid(contender);
    await this.#quietest({ workload: "W4", contender: contender.label, repetition, level }, () =>
      this.#withLead((leadMs) => runInProcess({ ...order, step: this.#step("W4", leadMs) }, { serverPid })),
    );
  }

  /** Measures until a try was quiet enough or there are no more tries, and keeps the quietest. */
  async #quietest(
    row: Pick<MeasurementRow, "workload" | "contender" | "repetition" | "level">,
    attempt: () => Promise<StepResult>,
  ): Promise<void> {
    let best: StepResult | undefined;
    for (let attempts = 0; attempts <= this.#profile.retries; attempts += 1) {
      await waitForQuiet(this.#profile.quietLimitMs);
      const result = await attempt();
      if (best === undefined || noiseOf(result) < noiseOf(best)) best = result;
      if (noiseOf(best) < QUIET_CORES) break;
    }
    if (best !== undefined) this.#emit(rowOf(row, best));
  }

  async #withLead(attempt: (leadMs: number, isAgain: boolean) => Promise<StepResult>): Promise<StepResult> {
    let result = await attempt(0, false);
    for (let tries = 1; result.kind === "tooSlow" && tries < MAX_LEADS; tries += 1) {
      result = await attempt(result.insertMs * LEAD_FACTOR * tries, true);
    }
    return result;
  }

  #step(workload: Exclude<Workload, "W6">, leadMs: number): Step {
    const { windowMs } = this.#profile;
    switch (workload) {
      case "W1":
        return { kind: "throughput", jobs: COUNTS.throughput, singles: COUNTS.singles };
      case "W2":
      case "W4":
        return { kind: "precision", jobs: (windowMs / 1_000) * COUNTS.precisionPerS, windowMs, leadMs };
      case "W3":
        return { kind: "herd", jobs: COUNTS.herd, leadMs };
      case "W5":
        return { kind: "recurring", jobs: COUNTS.crons, windowMs, unit: "second" };
      case "W5M":
        return { kind: "recurring", jobs: COUNTS.crons, windowMs: MINUTE_WINDOW_MS, unit: "minute" };
      case "W7":
        return { kind: "workflows", crowd: this.#profile.workflows, alone: COUNTS.workflowsAlone };
    }
  }

  /** Gives the contender an empty store, and its server the settings of the variant. */
  async #prepare({ peer, variant }: Contender, store = SCRATCH): Promise<void> {
    if (peer.needs !== undefined) {
      await this.#servers.start(peer.needs);
      await this.#servers.reset(peer.needs, peer.name, variant.server);
    }
    const folder = join(this.#folder, store);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  #order({ peer, variant }: Contender, demand: Demand, store = SCRATCH): Omit<Order, "step"> {
    return {
      peer: peer.name,
      settings: variant.settings[demand],
      folder: join(this.#folder, store),
      redisPort: this.#servers.port("redis"),
      postgresUrl: this.#servers.postgresUrl(peer.name),
    };
  }

  #serverPid({ peer }: Contender): number | undefined {
    return peer.needs === undefined ? undefined : this.#servers.pid(peer.needs);
  }
}

const SCRATCH = "scratch";

function missingAbility({ smallestCron, hasWorkflows }: Peer, workload: Workload): string | undefined {
  if (workload === "W5" && smallestCron !== "second") return "its smallest cron is a minute";
  return workload === "W7" && hasWorkflows !== true ? "it has no workflows of this shape" : undefined;
}

function growthStore({ label }: Contender): string {
  return `growth-${label.replaceAll("@", "-")}`;
}

function noiseOf(result: StepResult): number {
  return result.kind === "done" ? result.foreignCores : Infinity;
}

function rowOf(
  row: Pick<MeasurementRow, "workload" | "contender" | "repetition" | "level">,
  result: StepResult,
): MeasurementRow {
  if (result.kind === "done") {
    const { figures, problems, foreignCores } = result;
    return { kind: "measurement", ...row, isNoisy: foreignCores >= QUIET_CORES, foreignCores, figures, problems };
  }
  const failure =
    result.kind === "failed" ? result.failure : `inserting took ${Math.round(result.insertMs)} ms, too long`;
  return { kind: "measurement", ...row, isNoisy: false, foreignCores: 0, figures: {}, problems: [], failure };
}
