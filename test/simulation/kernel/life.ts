import type { Clock } from "../../../core/ports/clock.ts";
import { PortError, type PortErrorCode } from "../../../core/ports/errors.ts";
import type { StopSignal } from "../../../core/ports/queue.ts";
import type { CallFault } from "../faults/call-faults.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import type { Kernel } from "./kernel.ts";
import type { Trace } from "./trace.ts";

export interface LifeOptions {
  readonly kernel: Kernel;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  /** Names this life of the process, such as `worker-2#5`. */
  readonly name: string;
  /** Wall time minus true time, as of now. */
  readonly wallOffsetMs: () => number;
  /** Told once, when the process has died. */
  readonly onDeath: (reason: string) => void;
  /** Whether the process can't reach a port at the moment. */
  readonly isCutOff?: (port: string) => boolean;
}

/** What may be asked of a call besides its faults. */
export interface CallOptions<T> {
  /** Done in place of the effect when a fault of the port's own befalls it; `undefined`: as if nothing had happened. */
  readonly withFault?: (fault: CallFault, call: string) => { readonly value: T } | undefined;
}

/** Longest that an ordinary call takes to arrive, and its answer to come back. */
const LEG_MS = 4;

/**
 * One life of one process, from its start to its death. Everything that the process does goes through it: its calls take
 * effect later than they are made, and their answers come later still.
 *
 * - *Killed*, no answer ever comes: its code stops where it awaits something, as after kill -9.
 * - *Frozen*, answers and timers wait until it thaws, in their order.
 */
export class Life {
  readonly name: string;
  readonly clock: Clock;
  readonly #options: LifeOptions;
  readonly #bornMs: number;
  #isDead = false;
  #thawMs = 0;
  #waiting: (() => void)[] = [];
  /** Ends listening to the signals of sleeps. The runtime keeps some signals for ever that somebody listens to. */
  readonly #listening = new Set<() => void>();

  constructor(options: LifeOptions) {
    this.#options = options;
    this.name = options.name;
    this.#bornMs = options.kernel.nowMs;
    const { kernel } = options;
    this.clock = {
      nowMs: () => kernel.trueMs + options.wallOffsetMs(),
      monotonicMs: () => kernel.nowMs - this.#bornMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#options.kernel.nowMs < this.#thawMs;
  }

  /** Ends the process at once; the request that is on its way may still arrive. */
  kill(reason: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#waiting = [];
    this.leave();
    this.#note(`dies: ${reason}`);
    this.#options.onDeath(reason);
  }

  /** Lets go of what would keep it in memory; nothing happens to it any more. */
  leave(): void {
    for (const leave of this.#listening) leave();
    this.#listening.clear();
  }

  /** Stops everything in the process for a while; `false` when it rests for as long already. */
  freeze(ms: number): boolean {
    const { kernel } = this.#options;
    const thawMs = kernel.nowMs + ms;
    if (this.#isDead || thawMs <= this.#thawMs) return false;
    this.#note(`freezes for ${Math.round(ms)} ms`);
    this.#thawMs = thawMs;
    kernel.at(thawMs, () => this.#thaw());
    return true;
  }

  thawNow(): void {
    this.#thawMs = this.#options.kernel.nowMs;
    this.#thaw();
  }

  /** Lets something happen within the process: not after its death, and not before it thaws. */
  happen(work: () => void): void {
    if (this.#isDead) return;
    if (this.isFrozen) this.#waiting.push(work);
    else work();
  }

  /** Lets something happen within the process after a while. */
  later(ms: number, work: () => void): void {
    this.#options.kernel.in(ms, () => this.happen(work));
  }

  /**
   * A call of a port: it arrives, takes effect as one step, and is answered.
   *
   * @param site - port and method, such as `table.put`
   * @param entity - what it concerns; its faults are drawn for the site, the entity and the how-manieth time
   */
  call<T>(site: string, entity: string, effect: () => T, { withFault }: CallOptions<T> = {}): Promise<T> {
    const { kernel, faults } = this.#options;
    if (this.#isDead) return never();
    const call = faults.nextCall(site, entity);
    const [port = ""] = site.split(".");
    const fault = faults.decide(site, call, this.name);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (settle: () => void): void => this.later(this.#legMs(call, "back", fault), settle);
    const fail = (code: PortErrorCode): void =>
      answer(() => reject(new PortError(code, `Cannot ${site} ${entity}: a fault of the simulation`)));
    const carryOut = (): void => {
      let outcome: { readonly value: T } | { readonly error: unknown };
      try {
        outcome = (fault === undefined ? undefined : withFault?.(fault, call)) ?? { value: effect() };
      } catch (error) {
        outcome = { error };
      }
      if (fault === "dieAfter") return this.kill(`after ${call}`);
      if (fault === "freezeAfter") this.freeze(this.#freezeMs(call));
      if (fault === "unknownDone") return fail("UNKNOWN_OUTCOME");
      answer(() => ("error" in outcome ? reject(outcome.error) : resolve(outcome.value)));
    };
    if (fault === "freezeBefore") this.freeze(this.#freezeMs(call));
    const arriveMs = this.#legMs(call, "there", fault) + (fault === "freezeBefore" ? this.#thawMs - kernel.nowMs : 0);
    kernel.in(arriveMs, () => {
      const isCutOff = this.#options.isCutOff?.(port) === true;
      this.#note(`${call}${fault === undefined ? "" : ` ${fault}`}${isCutOff ? " cut off" : ""}`);
      if (isCutOff || fault === "unavailable") return fail("UNAVAILABLE");
      if (fault === "throttled") return fail("THROTTLED");
      if (fault === "dieBefore") return this.kill(`before ${call}`);
      if (fault === "unknownLost") return fail("UNKNOWN_OUTCOME");
      if (fault === "lateEffect") {
        kernel.in(faults.draws.magnitude(500, 60_000, `late ${call}`), () => quietly(effect));
        return fail("UNKNOWN_OUTCOME");
      }
      carryOut();
    });
    return promise;
  }

  #sleep(ms: number, signal?: StopSignal): Promise<void> {
    if (this.#isDead) return never();
    if (signal?.aborted === true) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const event = this.#options.kernel.in(Math.max(0, ms), () => this.happen(finish));
    const leave = (): void => signal?.removeEventListener("abort", finish);
    const finish = (): void => {
      event.isCancelled = true;
      leave();
      this.#listening.delete(leave);
      resolve();
    };
    signal?.addEventListener("abort", finish, { once: true });
    if (signal !== undefined) this.#listening.add(leave);
    return promise;
  }

  #thaw(): void {
    if (this.#isDead || this.isFrozen) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // Each as an event of its own: what follows from one happens before the next.
    for (const work of waiting) this.later(0, work);
  }

  #legMs(call: string, leg: string, fault: CallFault | undefined): number {
    const { draws } = this.#options.faults;
    if (fault === "slow") return draws.magnitude(100, 30_000, `slow ${leg} ${call}`);
    return LEG_MS * draws.draw(`${leg} ${call}`);
  }

  #freezeMs(call: string): number {
    return this.#options.faults.draws.magnitude(1_000, 600_000, `freeze ${call}`);
  }

  #note(what: string): void {
    const { trace, kernel } = this.#options;
    trace.note(kernel.nowMs, this.name, what);
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

function quietly(work: () => unknown): void {
  try {
    work();
  } catch {
    // Whoever asked for it has long been told that nobody knows.
  }
}
