import { MemoryRunLogs } from "../../support/memory-run-logs.ts";
import { Checks, type Violation } from "../check/checks.ts";
import { type DecisionKey, FaultPlan } from "../faults/fault-plan.ts";
import { Kernel } from "../kernel/kernel.ts";
import { KeyedDraws } from "../kernel/keyed-draws.ts";
import { Trace } from "../kernel/trace.ts";
import { withTripwires } from "../kernel/tripwires.ts";
import type { Body } from "./body.ts";
import { Client } from "./client.ts";
import { cloudBody } from "./cloud-body.ts";
import { embeddedBody } from "./embedded-body.ts";
import { MAX_SKEW_MS, planBlows } from "./nemesis.ts";
import { beginningOf, drawKnobs, type Profile, type ProfileName, PROFILES } from "./profiles.ts";
import { Simulation } from "./simulation.ts";
import type { Effect } from "./user-code.ts";
import { Workload } from "./workload.ts";

export interface HistoryOptions {
  readonly seed: number;
  readonly profile: ProfileName;
  /** @default true */
  readonly hasLeases?: boolean;
  /** Only these decisions are carried out. */
  readonly tape?: ReadonlySet<DecisionKey>;
  /** Ends as soon as one of these invariants is broken. */
  readonly untilBroken?: readonly string[];
  /** Told of everything that happens, a line each. */
  readonly tell?: (line: string) => void;
}

/** What came of a history. */
export interface HistoryReport {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly hasLeases: boolean;
  readonly violations: readonly Violation[];
  /** Equal for equal histories. */
  readonly traceHash: number;
  /** What harm was done and what happened, by name. */
  readonly counts: ReadonlyMap<string, number>;
  readonly fired: readonly DecisionKey[];
  readonly virtualMs: number;
  readonly events: number;
  /** The last things that processes told of as errors. */
  readonly errors: readonly string[];
}

/** Plays one history: harm is done; then it ends, and everything has to come right; then it is judged. */
export function playHistory(options: HistoryOptions): Promise<HistoryReport> {
  return withTripwires(() => new History(options).play());
}

/** Healthy time with schedules that go on. */
const HEALTHY_MS = 2 * 60_000;

class History {
  readonly #options: HistoryOptions;
  readonly #profile: Profile;
  readonly #kernel: Kernel;
  readonly #faults: FaultPlan;
  readonly #trace: Trace;
  readonly #simulation: Simulation;
  readonly #effects: Effect[] = [];
  readonly #body: Body;
  readonly #workload: Workload;
  readonly #client: Client;
  readonly #checks: Checks;

  constructor(options: HistoryOptions) {
    const { seed, tape, tell, hasLeases = true } = options;
    this.#options = options;
    const profile: Profile = PROFILES[options.profile];
    this.#profile = profile;
    const draws = new KeyedDraws(seed);
    const { epochMs, zone } = beginningOf(profile, draws);
    this.#kernel = new Kernel(epochMs);
    const { classes, isWhole = false } = profile;
    this.#faults = new FaultPlan({
      draws: draws.part("faults"),
      isWhole,
      ...(classes === undefined ? {} : { classes }),
      ...(tape === undefined ? {} : { tape }),
    });
    this.#trace = new Trace(tell);
    this.#simulation = new Simulation({
      kernel: this.#kernel,
      draws,
      faults: this.#faults,
      trace: this.#trace,
      knobs: drawKnobs(profile, draws),
      knowsFates: draws.isIn(0.5, "knows fates"),
      hasWholeSeconds: profile.body === "cloud",
      hasLeases,
      isMixed: profile.isMixed === true,
    });
    this.#checks = new Checks(this.#simulation, {
      effects: this.#effects,
      isPrecise: profile.isPrecise === true,
      skewMs: profile.blows.clockStep === undefined ? 0 : 2 * MAX_SKEW_MS,
      onBroken: (invariant) => {
        if (options.untilBroken?.includes(invariant) === true) this.#kernel.stop();
      },
      longestMs: profile.hostileMs + HEALTHY_MS + this.#settleMs(),
    });
    const logs = new MemoryRunLogs();
    const code = {
      kernel: this.#kernel,
      draws: draws.part("user code"),
      effects: this.#effects,
      temperOf: (job: string) => this.#workload.temperOf(job),
    };
    // Where every run has to be on time, there is room for all.
    const slots = profile.isPrecise === true ? 500 : draws.between(2, 12, "slots");
    this.#body =
      profile.body === "embedded"
        ? embeddedBody(this.#simulation, {
            servers: draws.between(1, 3, "servers"),
            workers: draws.between(1, 3, "workers"),
            slots,
            drainMs: 5_000,
            logs,
            code,
          })
        : cloudBody(this.#simulation, { slots, drainMs: 20_000, logs, code });
    this.#client = new Client(this.#simulation, this.#body.apis);
    this.#checks.client = this.#client;
    this.#workload = new Workload(this.#simulation, this.#client, {
      jobs: draws.between(profile.jobs.least, profile.jobs.most, "jobs"),
      deeds: profile.deeds,
      horizonMs: profile.hostileMs,
      zone,
      bias: profile.bias,
      isFree: profile.isPrecise === true,
      draws: draws.part("workload"),
    });
    planBlows(this.#simulation, this.#body, {
      blows: profile.blows,
      isWhole: profile.isWhole === true,
      horizonMs: profile.hostileMs,
      draws: draws.part("nemesis"),
    });
    this.#workload.plan();
  }

  async play(): Promise<HistoryReport> {
    const { hostileMs } = this.#profile;
    await this.#kernel.runUntil(hostileMs);
    this.#checks.endHostile();
    this.#heal();
    await this.#kernel.runUntil(hostileMs + HEALTHY_MS);
    let calm: string | undefined = "the API has not answered since everything was healed";
    this.#calmDown().then(
      () => (calm = undefined),
      (error: unknown) => (calm = String(error)),
    );
    // What was put off to an instant that the clock has shown before waits until it shows it again.
    await this.#kernel.runUntil(hostileMs + HEALTHY_MS + this.#settleMs() + this.#checks.behindMs());
    await this.#workOff();
    await this.#showAll();
    if (this.#kernel.isEndless) this.#checks.judge("it goes round in circles");
    else if (!this.#checks.isBroken(this.#options.untilBroken)) this.#checks.judge(calm);
    this.#simulation.close();
    const { seed, profile, hasLeases = true } = this.#options;
    return {
      seed,
      profile,
      hasLeases,
      violations: this.#checks.violations,
      traceHash: this.#trace.hash,
      counts: this.#faults.counts,
      fired: this.#faults.fired,
      virtualMs: this.#kernel.nowMs,
      events: this.#kernel.happened,
      errors: this.#simulation.errors,
    };
  }

  /** A line that is longer than the time so far may go on getting shorter. */
  async #workOff(): Promise<void> {
    let least = this.#checks.openRuns();
    let vain = 0;
    for (let rounds = 0; rounds < MAX_ROUNDS && least > 0 && vain < MAX_VAIN_ROUNDS; rounds += 1) {
      await this.#kernel.runUntil(this.#kernel.nowMs + ROUND_MS);
      const open = this.#checks.openRuns();
      vain = open < least ? 0 : vain + 1;
      least = Math.min(least, open);
    }
  }

  /** What shows how runs went is told again of what it has not heard. */
  async #showAll(): Promise<void> {
    const { machines } = this.#simulation;
    for (let round = 0; round < MAX_SHOWS && machines.open > 0; round += 1) {
      machines.expireHeartbeats(0);
      await this.#kernel.runUntil(this.#kernel.nowMs + SHOW_MS);
    }
  }

  #heal(): void {
    this.#faults.isHostile = false;
    this.#simulation.endOutages();
    this.#body.heal();
    this.#trace.note(this.#kernel.nowMs, "nemesis", "heals everything");
  }

  /** Lets no schedule go on, so that what is left can come to its end. */
  async #calmDown(): Promise<void> {
    await this.#workload.insist("POST", "/v1/platform/resume", { body: {} });
    for (const job of this.#workload.jobs) await this.#workload.end(job);
  }

  /** Time enough for the longest of all waits to be over, and for what follows from it. */
  #settleMs(): number {
    const { settleMaxMs, settleAfterMs, workerDeadAfterMs, visibilityMs, misfireAfterMs } = this.#simulation.knobs;
    return (
      3 * settleMaxMs + 4 * settleAfterMs + 4 * workerDeadAfterMs + 4 * visibilityMs + misfireAfterMs + ATTEMPTS_MS
    );
  }
}

const ROUND_MS = 5 * 60_000;
const MAX_ROUNDS = 40;
/** Each goes on from where the one before was held up, if it was. */
const MAX_SHOWS = 4;
const SHOW_MS = 2 * 60_000;
/** What does not stand in line for lack of room there comes into it when it is rung for, which is rare in the end. */
const MAX_VAIN_ROUNDS = 4;

/** Retries of attempts that run into their time-out, with their backoffs. */
const ATTEMPTS_MS = 10 * 60_000;
