import type { CheckContext } from "./context.ts";
import { type Fact, hasEnded, isCarried, partOf, type RunRow, runName, type StepRow, stepsOf } from "./rows.ts";

type Steps = ReadonlyMap<string, StepRow & { readonly phase: number }>;
type End = "succeeded" | "failed" | "skipped";

interface KnownWorkflow {
  run: RunRow;
  /** Virtual time at which it was first seen to be stopped. */
  stoppedMs: number | undefined;
  readonly steps: Map<string, RunRow>;
  readonly items: Map<string, Map<number, RunRow>>;
}

/**
 * Looks at every commit of workflows and their steps. What may begin, and how a workflow ends, is reckoned from the stored
 * definition and the records alone.
 */
export class WorkflowWatch {
  readonly #context: CheckContext;
  readonly #known = new Map<string, KnownWorkflow>();
  /** For each process and record of a step: when it last read it. */
  readonly #reads = new Map<string, number>();

  constructor(context: CheckContext) {
    this.#context = context;
  }

  noteRead(life: string, place: string): void {
    this.#reads.set(`${life} ${place}`, this.#context.simulation.kernel.nowMs);
  }

  note(fact: Fact): void {
    if (fact.kind === "run" && fact.after !== undefined) this.#noteRun(fact.after);
    if (fact.kind === "step" && fact.after !== undefined) this.#noteStep(fact.before, fact.after);
  }

  #noteRun(run: RunRow): void {
    const steps = this.#stepsOf(run);
    if (steps.size === 0) return;
    const known = this.#workflow(run);
    known.run = run;
    if (run.cancel !== undefined) known.stoppedMs ??= this.#context.simulation.kernel.nowMs;
    if (hasEnded(run) && run.attempt > 0) this.#checkEnd(known, steps);
  }

  #noteStep(before: RunRow | undefined, after: RunRow): void {
    const part = partOf(after);
    if (part === undefined) return;
    const workflow = { ...after, stamp: part.of };
    const known = this.#workflow(workflow);
    const steps = this.#stepsOf(after);
    const step = steps.get(part.step);
    if (step === undefined)
      return this.#tell("I31", after, `is no step of version ${after.version}, which governs its workflow`);
    if (known.run.status !== "" && known.run.version !== after.version)
      this.#tell("I31", after, `is of version ${after.version}, its workflow of ${known.run.version}`);
    const isKept = after.origin?.redriveOf !== undefined;
    if (before === undefined && !hasEnded(after) && part.item === undefined) this.#checkStart(known, steps, after);
    if (before === undefined && !isKept && hasEnded(known.run))
      this.#tell("I32", after, `was made after its workflow had ended as ${known.run.status}`);
    if (after.status === "running" && before?.status !== "running") this.#checkStopped(known, step, after);
    if (part.item === undefined) {
      if (after.items !== undefined && !isKept) this.#checkItems(known, step, after);
      known.steps.set(part.step, after);
    } else {
      if (before === undefined && !isKept && part.item >= (known.steps.get(part.step)?.items?.started ?? 0))
        this.#tell("I35", after, "is an item that was not started");
      const items = known.items.get(part.step) ?? new Map<number, RunRow>();
      known.items.set(part.step, items.set(part.item, after));
    }
    return undefined;
  }

  /** A step begins when its needs let it, in its phase, and not while its workflow is paused. */
  #checkStart(known: KnownWorkflow, steps: Steps, after: RunRow): void {
    const name = partOf(after)?.step ?? "";
    const step = steps.get(name);
    if (step === undefined) return;
    this.#context.simulation.faults.count("step started");
    const ends = (step.needs ?? []).map((need) => endOf(steps.get(need), known.steps.get(need)));
    if (!mayRun(step.rule ?? "allSucceeded", ends))
      this.#tell(
        "I29",
        after,
        `began under ${step.rule ?? "allSucceeded"} after ${ends.map((end) => end ?? "nothing").join(", ")}`,
      );
    for (const gate of step.needs ?? []) {
      const choice = known.steps.get(gate);
      const { switch: choosing } = steps.get(gate) ?? {};
      const isChoosable = [...(choosing?.cases ?? []).flatMap(({ choose }) => choose), ...(choosing?.default ?? [])];
      if (choice?.status === "succeeded" && isChoosable.includes(name) && !(choice.result as string[]).includes(name))
        this.#tell("I29", after, `began although ${gate} has not chosen it`);
    }
    const earlier = [...steps].filter(([, { phase }]) => phase < step.phase).map(([other]) => other);
    const open = earlier.find((other) => endOf(steps.get(other), known.steps.get(other)) === undefined);
    if (open !== undefined) this.#tell("I29", after, `began before ${open}, of an earlier phase, had ended`);
    if (step.phase === 1 && !earlier.some((other) => endOf(steps.get(other), known.steps.get(other)) === "failed"))
      this.#tell("I29", after, "began without a failure to answer");
  }

  /** Who has seen that a workflow is stopped begins none of its steps, but those that run all the same. */
  #checkStopped(
    { stoppedMs, run }: KnownWorkflow,
    { phase, rule }: Steps extends ReadonlyMap<string, infer S> ? S : never,
    after: RunRow,
  ): void {
    if (stoppedMs === undefined || isCarried(after) || phase === 2 || rule === "always") return;
    const life = this.#context.simulation.effect?.life.name ?? "";
    // It reads the workflow after the step; what it reads for another step meanwhile, it need not know for this one.
    const { step = "", item } = partOf(after) ?? {};
    const steps = `#${run.namespace}#${run.job}#${run.stamp}`;
    const place = item === undefined ? `steps${steps} ${step}` : `items${steps}#${step} ${`${item}`.padStart(5, "0")}`;
    const readMs = this.#reads.get(`${life} ${place}`) ?? -Infinity;
    if (readMs > stoppedMs)
      this.#tell("I33", after, `began although its workflow was stopped before ${life} looked at it`);
  }

  /** As many items at a time as the step says, all of them in the end, and counted right. */
  #checkItems({ items: known }: KnownWorkflow, { map }: StepRow, after: RunRow): void {
    const { total, started, succeeded, failed } = after.items ?? { total: 0, started: 0, succeeded: 0, failed: 0 };
    const name = partOf(after)?.step ?? "";
    const rows = [...(known.get(name)?.values() ?? [])];
    const most = map?.concurrency ?? 10;
    if (started - succeeded - failed > most)
      this.#tell("I35", after, `has ${started - succeeded - failed} items open, of ${most}`);
    if (started > total) this.#tell("I35", after, `has started ${started} of ${total} items`);
    const won = rows.filter(({ status }) => status === "succeeded").length;
    const lost = rows.filter((item) => hasEnded(item) && item.status !== "succeeded").length;
    if (succeeded > won || failed > lost)
      this.#tell("I35", after, `counts ${succeeded} and ${failed} ends, there are ${won} and ${lost}`);
    if (!hasEnded(after)) return;
    this.#context.simulation.faults.count("map ended");
    const open = rows.find((item) => !hasEnded(item));
    if (open !== undefined) this.#tell("I35", after, `ended while ${runName(open)} is ${open.status}`);
    if (after.status === "succeeded" && won + lost !== total)
      this.#tell("I35", after, `succeeded with ${won + lost} of ${total} items`);
  }

  /** Its state is a function of those of its steps, all of which have ended. */
  #checkEnd({ run, steps: rows }: KnownWorkflow, steps: Steps): void {
    const ends = [...steps].map(([name, step]) => [name, endOf(step, rows.get(name))] as const);
    const open = ends.find(([, end]) => end === undefined);
    // One whose parameters can't be told has no steps.
    if (run.error?.name === "parameters-invalid" || run.error?.name === "template-invalid") return;
    if (open !== undefined) return this.#tell("I32", run, `ended as ${run.status} while step ${open[0]} has not`);
    this.#context.simulation.faults.count(`workflow ${run.status}`);
    const hasFailed = ends.some(([name, end]) => end === "failed" && rows.get(name)?.reason !== "blocked");
    const expected = run.cancel !== undefined ? ["cancelled", "timedOut"] : [hasFailed ? "failed" : "succeeded"];
    if (!expected.includes(run.status))
      this.#tell("I32", run, `ended as ${run.status}, not as ${expected.join(" or ")}`);
    return undefined;
  }

  #stepsOf({ namespace, job, version }: RunRow): Steps {
    const definition = this.#context.jobs.version(`${namespace}/${job}`, version)?.definition;
    return definition?.executor?.type === "workflow" ? stepsOf(definition) : new Map();
  }

  #workflow(run: RunRow): KnownWorkflow {
    const { namespace, job, stamp } = run;
    const name = runName({ namespace, job, stamp });
    const known = this.#known.get(name) ?? {
      run: { ...run, status: "", cancel: undefined },
      stoppedMs: undefined,
      steps: new Map(),
      items: new Map(),
    };
    this.#known.set(name, known);
    return known;
  }

  #tell(invariant: string, run: RunRow, what: string): void {
    this.#context.tell(invariant, `${runName(run)} ${what}`);
  }
}

/** How a step counts that has ended; `undefined` for one that has not. */
function endOf(step: StepRow | undefined, row: RunRow | undefined): End | undefined {
  if (row === undefined || !hasEnded(row)) return undefined;
  if (row.status === "succeeded") return "succeeded";
  if (row.status === "skipped" && row.reason !== "blocked" && row.reason !== "parameters") return "skipped";
  const isAllowed = step?.allowFailure === true && row.reason !== "blocked";
  return isAllowed ? "succeeded" : "failed";
}

function mayRun(rule: string, ends: readonly (End | undefined)[]): boolean {
  const isOver = ends.every((end) => end !== undefined);
  switch (rule) {
    case "allSucceeded":
      return ends.every((end) => end === "succeeded");
    case "anySucceeded":
      return ends.length === 0 || ends.includes("succeeded");
    case "anyFailed":
      return ends.includes("failed");
    case "noneFailed":
      return isOver && !ends.includes("failed");
    default:
      return isOver;
  }
}
