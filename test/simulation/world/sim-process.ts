import { Life } from "../kernel/life.ts";
import type { Simulation } from "./simulation.ts";

export interface SimProcessOptions {
  readonly name: string;
  /** Runs the program of the process in a new life; resolves when it has ended in order. */
  readonly main: (life: Life, process: SimProcess) => Promise<void>;
  /** Whether it is started again after its death. */
  readonly isRestarted: boolean;
  /** Told of each of its deaths. */
  readonly onDeath?: () => void;
}

/** Longest that a supervisor takes to start a process again. */
const MAX_RESTART_MS = 20_000;

/** A process with its supervisor: it lives, dies, and lives again. */
export class SimProcess {
  readonly name: string;
  /** Asks the program to end in order; set by `main` in each life. */
  onDrain: (() => void) | undefined;
  readonly #simulation: Simulation;
  readonly #options: SimProcessOptions;
  #life: Life | undefined;
  #lives = 0;
  /** Not started again before this instant. */
  #restMs = 0;
  /** The wall clock of its host, besides that of all hosts. */
  wallOffsetMs = 0;
  readonly #cuts = new Map<string, number>();

  constructor(simulation: Simulation, options: SimProcessOptions) {
    this.#simulation = simulation;
    this.#options = options;
    this.name = options.name;
  }

  /** The present life, if there is one. */
  get life(): Life | undefined {
    return this.#life?.isDead === false ? this.#life : undefined;
  }

  start(): void {
    if (this.life !== undefined) return;
    const { kernel, faults, trace } = this.#simulation;
    if (kernel.nowMs < this.#restMs) {
      if (this.#options.isRestarted) kernel.at(this.#restMs, () => this.start());
      return;
    }
    this.#lives += 1;
    const life: Life = new Life({
      kernel,
      faults,
      trace,
      name: `${this.name}-${this.#lives}`,
      wallOffsetMs: () => this.wallOffsetMs + this.#simulation.hostOffsetMs,
      isCutOff: (port) => this.#isCutOff(port),
      onDeath: () => this.#died(life),
    });
    this.#life = life;
    this.onDrain = undefined;
    trace.note(kernel.nowMs, life.name, "starts");
    this.#options.main(life, this).then(
      () => life.kill("has ended"),
      (error: unknown) => {
        this.#simulation.failed(life, error);
        life.kill("has failed");
      },
    );
  }

  kill(reason: string): void {
    this.life?.kill(reason);
  }

  /** Asks it to end in order, with SIGTERM; kills it after a while. */
  drain(deadlineMs: number): void {
    const life = this.life;
    if (life === undefined) return;
    life.happen(() => this.onDrain?.());
    this.#simulation.kernel.in(deadlineMs, () => life.kill("its time to end is over"));
  }

  /** Keeps it from being started again for a while. */
  holdDown(ms: number): void {
    this.#restMs = Math.max(this.#restMs, this.#simulation.kernel.nowMs + ms);
    this.kill("is held down");
  }

  /** It can't reach a port, or any, for a while. */
  cutOff(port: string, ms: number): void {
    this.#cuts.set(port, this.#simulation.kernel.nowMs + ms);
    if (this.life !== undefined) this.#simulation.cutOff(this.life, port);
  }

  /** Ends whatever befalls it now. */
  heal(): void {
    this.#cuts.clear();
    this.wallOffsetMs = 0;
    this.#restMs = 0;
    this.life?.thawNow();
    this.start();
  }

  #isCutOff(port: string): boolean {
    const { nowMs } = this.#simulation.kernel;
    return nowMs < Math.max(this.#cuts.get(port) ?? 0, this.#cuts.get("any") ?? 0, this.#simulation.outageEndsMs(port));
  }

  #died(life: Life): void {
    const { kernel, faults } = this.#simulation;
    this.#simulation.forget(life);
    this.#options.onDeath?.();
    if (!this.#options.isRestarted) return;
    const restMs = faults.draws.magnitude(200, MAX_RESTART_MS, `restart after ${life.name}`);
    kernel.at(Math.max(this.#restMs, kernel.nowMs + restMs), () => this.start());
  }
}
