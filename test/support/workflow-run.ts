import { advance, type AdvanceContext, type Decision, stateOf } from "../../core/workflow/advance.ts";
import type { WorkflowPlan } from "../../core/workflow/plan.ts";
import type { StepState } from "../../core/workflow/step-state.ts";

export function going(context: Partial<AdvanceContext> = {}): AdvanceContext {
  return { parameters: {}, slotAtMs: 0, mode: "going", ...context };
}

/** A workflow's run in a test: carries out what `advance` decides, and ends steps when it is told to. */
export class WorkflowRun {
  readonly states = new Map<string, StepState>();
  /** Names of steps in the order in which they were started. */
  readonly started: string[] = [];
  last: Decision = { settle: [], start: [] };
  readonly #plan: WorkflowPlan;
  #context: AdvanceContext;

  constructor(plan: WorkflowPlan, context: Partial<AdvanceContext> = {}) {
    this.#plan = plan;
    this.#context = going(context);
    this.go();
  }

  /** Ends open steps and goes on: names of those that start. */
  end(...ended: readonly (string | readonly [string, StepState])[]): readonly string[] {
    for (const one of ended) {
      const [name, state] = typeof one === "string" ? ([one, { status: "succeeded" }] as const) : one;
      if (this.states.get(name)?.status !== "open") throw new Error(`Step ${name} is not open`);
      this.states.set(name, state);
    }
    return this.go();
  }

  fail(name: string): readonly string[] {
    return this.end([name, { status: "failed" }]);
  }

  to(mode: AdvanceContext["mode"]): readonly string[] {
    this.#context = { ...this.#context, mode };
    return this.go();
  }

  go(): readonly string[] {
    this.last = advance(this.#plan, this.states, this.#context);
    const begun = [...this.last.settle.map(({ step }) => step), ...this.last.start].filter((name) =>
      this.states.has(name),
    );
    if (begun.length > 0) throw new Error(`Steps were decided twice: ${begun.join(", ")}`);
    for (const settlement of this.last.settle) this.states.set(settlement.step, stateOf(settlement));
    for (const name of this.last.start) this.states.set(name, { status: "open" });
    this.started.push(...this.last.start);
    return this.last.start;
  }

  /** Carries out only the first so many parts of what is decided, as a host does that is lost half-way. */
  goPart(count: number): void {
    const { settle, start } = advance(this.#plan, this.states, this.#context);
    for (const settlement of settle.slice(0, count)) this.states.set(settlement.step, stateOf(settlement));
    for (const name of start.slice(0, Math.max(0, count - settle.length))) this.states.set(name, { status: "open" });
  }

  /** Statuses by name. */
  get statuses(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.states].map(([name, { status }]) => [name, status]));
  }
}
