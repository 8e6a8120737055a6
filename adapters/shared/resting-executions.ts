import type { Clock } from "../../core/ports/clock.ts";
import { PortError } from "../../core/ports/errors.ts";
import type { Executions } from "../../core/ports/executions.ts";

/** How long nothing is asked after an answer that did not come, or a refusal for want of room. */
const REST_MS = 10_000;

/**
 * Executions that are left in peace for a while when they do not answer: each call that waits in vain holds up whoever
 * makes it, and there is one for every step. Calls are refused meanwhile, to be tried again.
 */
export class RestingExecutions implements Executions {
  readonly #executions: Executions;
  readonly #clock: Clock;
  #untilMs = -Infinity;

  constructor(executions: Executions, clock: Clock) {
    this.#executions = executions;
    this.#clock = clock;
  }

  begin(...args: Parameters<Executions["begin"]>): Promise<void> {
    return this.#ask(() => this.#executions.begin(...args));
  }

  answer(...args: Parameters<Executions["answer"]>): Promise<void> {
    return this.#ask(() => this.#executions.answer(...args));
  }

  stop(...args: Parameters<Executions["stop"]>): Promise<void> {
    return this.#ask(() => this.#executions.stop(...args));
  }

  remove(...args: Parameters<Executions["remove"]>): Promise<void> {
    return this.#ask(() => this.#executions.remove(...args));
  }

  async #ask(call: () => Promise<void>): Promise<void> {
    if (this.#clock.monotonicMs() < this.#untilMs)
      throw new PortError("UNAVAILABLE", "Cannot ask for executions: they have not answered a moment ago");
    try {
      await call();
    } catch (error) {
      // What is refused for a reason of its own says nothing of the others.
      const isAway = error instanceof PortError && (error.code === "UNKNOWN_OUTCOME" || error.code === "THROTTLED");
      if (isAway) this.#untilMs = this.#clock.monotonicMs() + REST_MS;
      throw error;
    }
  }
}
