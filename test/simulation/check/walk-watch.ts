import type { CheckContext } from "./context.ts";
import type { KnownVersion } from "./job-model.ts";
import type { Fact } from "./rows.ts";
import type { ModelSlot } from "./slot-model.ts";

interface Step {
  readonly cursorMs: number;
  /** The latest wall time that any host had seen when the cursor was first committed. */
  readonly latestMs: number;
}

/** Notes how far each version of each job has been walked, and when. */
export class WalkWatch {
  readonly #context: CheckContext;
  /** Cursors and instants rise together. */
  readonly #steps = new Map<string, Step[]>();

  constructor(context: CheckContext) {
    this.#context = context;
  }

  note(fact: Fact): void {
    if (fact.kind !== "walk") return;
    const { namespace, job, version, cursorMs } = fact.after;
    const name = placeOf(`${namespace}/${job}`, version);
    const steps = this.#steps.get(name) ?? [];
    this.#steps.set(name, steps);
    if (cursorMs > (steps.at(-1)?.cursorMs ?? -Infinity)) steps.push({ cursorMs, latestMs: this.#context.latestMs() });
  }

  /**
   * Whether a walk has put down that it has come past a slot while no clock could take the slot for missed: from then on the
   * slot is in that walk's care, and a gap that another one has written is no account of it.
   */
  hasTakenInTime({ namespace, name, version }: KnownVersion, { atMs }: ModelSlot): boolean {
    const { simulation, skewMs } = this.#context;
    const step = (this.#steps.get(placeOf(`${namespace}/${name}`, version)) ?? []).find(
      ({ cursorMs }) => cursorMs >= atMs,
    );
    return step !== undefined && step.latestMs + skewMs < atMs + simulation.knobs.misfireAfterMs;
  }
}

function placeOf(job: string, version: number): string {
  return `${job} ${version}`;
}
