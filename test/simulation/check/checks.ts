import { decodeMessage } from "../../../core/run/message.ts";
import type { Commit } from "../../support/memory-items.ts";
import { isKept, LATER, laterOf } from "../ports/next-version.ts";
import type { Client } from "../world/client.ts";
import type { Simulation } from "../world/simulation.ts";
import type { Effect } from "../world/user-code.ts";
import { checkBackfills } from "./backfill-check.ts";
import { checkChanges, checkTrail } from "./change-check.ts";
import type { CheckContext, Violation } from "./context.ts";
import { checkExecutions } from "./execution-check.ts";
import { checkAnswers, checkEffects, checkNothingIsStuck, type End } from "./final-checks.ts";
import { JobModel } from "./job-model.ts";
import { LedgerCheck } from "./ledger-check.ts";
import { LimitWatch } from "./limit-watch.ts";
import { checkPrecision } from "./precision.ts";
import { factOf, factText, hasEnded, type RunRow, runName } from "./rows.ts";
import { RunWatch } from "./run-watch.ts";
import { SlotModel } from "./slot-model.ts";
import { StoreWatch } from "./store-watch.ts";
import { WalkWatch } from "./walk-watch.ts";
import { WorkflowWatch } from "./workflow-watch.ts";

export type { Violation } from "./context.ts";

export interface ChecksOptions {
  readonly effects: readonly Effect[];
  readonly isPrecise: boolean;
  readonly skewMs: number;
  /** Told of each violation. */
  readonly onBroken: (invariant: string) => void;
  /** Longest that the history may last. */
  readonly longestMs: number;
}

/** Told apart no more than so many. */
const MAX_VIOLATIONS = 20;

/** All checkers of one history: those that look at every commit, and those that judge the end. */
export class Checks {
  readonly violations: Violation[] = [];
  client: Client | undefined;
  readonly #simulation: Simulation;
  readonly #options: ChecksOptions;
  readonly #jobs: JobModel;
  readonly #context: CheckContext;
  readonly #slots: SlotModel;
  readonly #runs: RunWatch;
  readonly #limits: LimitWatch;
  readonly #store: StoreWatch;
  readonly #walks: WalkWatch;
  readonly #workflows: WorkflowWatch;
  #latestMs = 0;

  constructor(simulation: Simulation, options: ChecksOptions) {
    this.#simulation = simulation;
    this.#options = options;
    const { kernel } = simulation;
    this.#jobs = new JobModel(kernel);
    this.#context = {
      simulation,
      jobs: this.#jobs,
      effects: options.effects,
      client: () => this.client,
      tell: (invariant, what) => this.#tell(invariant, what),
      skewMs: options.skewMs,
      latestMs: () => {
        this.#latestMs = Math.max(this.#latestMs, kernel.trueMs + simulation.hostOffsetMs);
        return this.#latestMs;
      },
    };
    const fromMs = kernel.epochMs - HOUR_MS;
    this.#slots = new SlotModel(this.#jobs, { fromMs, toMs: kernel.epochMs + options.longestMs + 5 * HOUR_MS });
    this.#runs = new RunWatch(this.#context, this.#slots);
    this.#limits = new LimitWatch(this.#context);
    this.#store = new StoreWatch(this.#context, this.#slots);
    this.#walks = new WalkWatch(this.#context);
    this.#workflows = new WorkflowWatch(this.#context);
    simulation.onEffect = ({ life, isWrite, keys }) => {
      if (isWrite) return;
      for (const { pk, sk } of keys)
        if (/^(?:steps|items)#/.test(pk)) this.#workflows.noteRead(life.name, `${pk} ${sk}`);
      for (const { pk, sk } of keys)
        if (sk.startsWith("job#") && pk.startsWith("ns#"))
          this.#jobs.noteRead(life.name, `${pk.slice(3)}/${sk.slice(4)}`);
    };
    simulation.items.onCommit((commit) => {
      this.#context.latestMs();
      this.#checkKept(commit);
      const fact = factOf(commit);
      if (fact === undefined) return;
      simulation.trace.explain(kernel.nowMs, () => factText(fact));
      this.#jobs.note(fact);
      this.#runs.note(fact);
      this.#limits.note(fact);
      this.#store.note(fact);
      this.#walks.note(fact);
      this.#workflows.note(fact);
    });
  }

  /** What the next version has written, this one leaves where it is; but for jobs, whose definition a client may replace. */
  #checkKept({ key, before, after }: Commit): void {
    if (after === undefined || !isKept(key) || laterOf(key, before) === undefined) return;
    const isRedefined = "definition" in after && definitionText(before) !== definitionText(after);
    if (laterOf(key, after) === undefined && !isRedefined)
      this.#tell("I53", `${key.pk} ${key.sk} has lost a field of the next version`);
    this.#simulation.faults.count("kept for the next version");
  }

  /** Nothing has happened in a history without claims: it proves nothing. */
  endHostile(): void {
    if (this.#runs.claims.size === 0) this.#simulation.faults.count("vacuous");
  }

  isBroken(invariants: readonly string[] = []): boolean {
    return this.violations.some(({ invariant }) => invariants.includes(invariant));
  }

  /** How far the clock of the hosts is behind the latest time that it has shown. */
  behindMs(): number {
    const { kernel, hostOffsetMs } = this.#simulation;
    return this.#context.latestMs() - kernel.trueMs - hostOffsetMs;
  }

  /** Runs that have not ended, those that were rung for and have no record as yet included. */
  openRuns(): number {
    const open = new Set<string>();
    const ended = new Set<string>();
    for (const run of this.#rows()) (hasEnded(run) ? ended : open).add(runName(run));
    const { service } = this.#simulation;
    for (const body of service.names.flatMap((queue) => service.bodies(queue))) {
      const name = rungName(body);
      if (name !== undefined && !ended.has(name)) open.add(name);
    }
    return open.size;
  }

  /** @param trouble - what kept the jobs from being calmed down in the end, if anything did */
  judge(trouble: string | undefined): void {
    if (trouble !== undefined) this.#tell("I20", trouble);
    const runs = new Map<string, RunRow>();
    for (const run of this.#rows()) runs.set(runName(run), run);
    const end: End = { runs, claims: this.#runs.claims };
    const { slots, fired } = new LedgerCheck(this.#context, { slots: this.#slots, walks: this.#walks }).judge();
    checkNothingIsStuck(this.#context, end);
    checkEffects(this.#context, end);
    checkAnswers(this.#context, end);
    checkChanges(this.#context);
    checkBackfills(this.#context, end, this.#slots);
    checkTrail(this.#context);
    checkExecutions(this.#context, end);
    if (this.#options.isPrecise) checkPrecision(this.#context, end);
    const { faults } = this.#simulation;
    faults.count("slots", slots);
    faults.count("slots fired", fired);
    faults.count("runs", runs.size);
    for (const run of runs.values()) {
      faults.count(`run ${run.status}${run.reason === undefined ? "" : ` ${run.reason}`}`);
      for (const { outcome } of run.attempts) faults.count(`attempt ${outcome}`);
    }
  }

  /** Runs, and steps and items of those that are workflows. */
  *#rows(): Generator<RunRow> {
    for (const part of ["run#", "steps#", "items#"])
      for (const { key, body } of this.#simulation.items.dump(part)) if (!key.sk.endsWith("~gap")) yield body as RunRow;
  }

  #tell(invariant: string, what: string): void {
    const { kernel, trace } = this.#simulation;
    trace.note(kernel.nowMs, "checker", `${invariant}: ${what}`);
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ invariant, what, atMs: kernel.nowMs });
    this.#options.onBroken(invariant);
  }
}

const HOUR_MS = 3_600_000;

/** The run that a message names; `undefined` for one that can't be read. */
function rungName(body: string): string | undefined {
  const message = decodeMessage(body);
  return message && runName(message);
}

function definitionText(body: object | undefined): string {
  const { definition } = body as { definition: Record<string, unknown> };
  return JSON.stringify({ ...definition, [LATER]: undefined });
}
