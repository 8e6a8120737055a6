import { PortError } from "../../core/ports/errors.ts";
import type { Executions } from "../../core/ports/executions.ts";
import type { Queue } from "../../core/ports/queue.ts";
import type { Table } from "../../core/ports/table.ts";

/**
 * What may befall a port call: it fails and has done nothing, as on a disk that is full; it fails and has been done all the
 * same; or the process dies, before or after the call has taken effect, and nothing of it goes on.
 */
export type Fault = "unavailable" | "full" | "unknown" | "dieBefore" | "dieAfter";

/** Decides what befalls the `number`-th call (from 1) of this process; `name` is such as `table.put`. */
export type FaultPlan = (number: number, name: string) => Fault | undefined;

/** The ports as one process sees them, with faults. */
export class PortFaults {
  /** Calls made so far. */
  calls = 0;
  plan: FaultPlan = () => undefined;
  readonly #death = Promise.withResolvers<"dead">();
  #isDead = false;

  get isDead(): boolean {
    return this.#isDead;
  }

  /** From now on no call of this process comes back. */
  die(): void {
    this.#isDead = true;
    this.#death.resolve("dead");
  }

  /** The work's result, or `"dead"` when the process died over it. */
  orDeath<T>(work: Promise<T>): Promise<T | "dead"> {
    return Promise.race([work, this.#death.promise]);
  }

  table(table: Table): Table {
    return {
      get: (key) => this.#pass("table.get", () => table.get(key)),
      batchGet: (keys) => this.#pass("table.batchGet", () => table.batchGet(keys)),
      query: (query) => this.#pass("table.query", () => table.query(query)),
      put: (key, body, expect) => this.#pass("table.put", () => table.put(key, body, expect)),
      delete: (key, expect) => this.#pass("table.delete", () => table.delete(key, expect)),
      batchWrite: (writes) => this.#pass("table.batchWrite", () => table.batchWrite(writes)),
    };
  }

  queue(queue: Queue): Queue {
    return {
      send: (name, messages) => this.#pass("queue.send", () => queue.send(name, messages)),
      receive: (name, options) => this.#pass("queue.receive", () => queue.receive(name, options)),
      extend: (name, receipts, ms) => this.#pass("queue.extend", () => queue.extend(name, receipts, ms)),
      delete: (name, receipts) => this.#pass("queue.delete", () => queue.delete(name, receipts)),
      depth: (name) => this.#pass("queue.depth", () => queue.depth(name)),
      deadLetters: (name, max) => this.#pass("queue.deadLetters", () => queue.deadLetters(name, max)),
      redrive: (name) => this.#pass("queue.redrive", () => queue.redrive(name)),
    };
  }

  executions(executions: Executions): Executions {
    return {
      begin: (run, plan) => this.#pass("executions.begin", () => executions.begin(run, plan)),
      answer: (token, answer) => this.#pass("executions.answer", () => executions.answer(token, answer)),
      stop: (run, reason) => this.#pass("executions.stop", () => executions.stop(run, reason)),
      remove: (job) => this.#pass("executions.remove", () => executions.remove(job)),
    };
  }

  async #pass<T>(name: string, call: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    this.calls += 1;
    const fault = this.plan(this.calls, name);
    if (fault === "unavailable") throw new PortError("UNAVAILABLE", `Cannot ${name}: a fault of the test`);
    if (fault === "full") throw new PortError("STORAGE_FULL", `Cannot ${name}: a full disk of the test`);
    if (fault === "dieBefore") this.die();
    if (this.#isDead) return never();
    const result = await call();
    if (fault === "dieAfter") this.die();
    if (this.#isDead) return never();
    if (fault === "unknown")
      throw new PortError("UNKNOWN_OUTCOME", `Cannot tell whether ${name} was done: a fault of the test`);
    return result;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
