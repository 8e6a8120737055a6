import { setImmediate } from "node:timers/promises";
import { StateMachine as Interpreter } from "aws-local-stepfunctions";
import { describe, expect, it } from "vitest";
import { answerFor } from "../../../../core/workflow/asl/answer.ts";
import type { Sequence, State, TaskState } from "../../../../core/workflow/asl/state-machine.ts";
import { toStateMachine } from "../../../../core/workflow/asl/to-state-machine.ts";
import { countsAs } from "../../../../core/workflow/counts-as.ts";
import { type StepDefinition, TRIGGER_RULES } from "../../../../core/workflow/definition.ts";
import { getStep, PHASES, type WorkflowPlan } from "../../../../core/workflow/plan.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";
import { WorkflowRun } from "../../../support/workflow-run.ts";
import { fan, graph, randomGraph } from "../../../support/workflow-graphs.ts";
import { aPlan, type Steps } from "../../../support/workflows.ts";

const SEEDS = 60;
const FIRST_SEED = 20_260_308;
/** The interpreter plays at most so many branches of a Parallel at a time, and hangs when one waits for another. */
const MAX_BRANCHES = 40;
/** Timers of Node hold 24 days. */
const MAX_TIMEOUT_SECONDS = 24 * 86_400;
/** Rounds of the event loop after which the interpreter has done what it can. */
const ROUNDS = 30;

describe("an interpreter of the language", () => {
  it("comes to the end of a wide workflow and of one that is no series of Parallels", async () => {
    for (const plan of [aPlan(fan(200)), aPlan(graph({ a: "", b: "", c: "a", d: "a b" }))]) {
      const mirror = new Mirror(plan, new SeededRandom(1));
      expect(await mirror.play(() => "succeeded")).toEqual({ status: "succeeded" });
      expect(mirror.reached.toSorted()).toEqual([...plan.steps.keys()].toSorted());
    }
  });

  it("ends as the workflow does, having reached each step that no failure holds back, once", async () => {
    const ends: string[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const random = new SeededRandom(seed);
      const mirror = new Mirror(randomPlan(random), random);
      const end = await mirror.play(() => (random.next() < 0.15 ? "failed" : "succeeded"));
      expect(end, `seed ${seed}`).toEqual(mirror.expectedEnd);
      expect(mirror.reached.length, `seed ${seed}: reached once`).toBe(new Set(mirror.reached).size);
      expect(mirror.missed, `seed ${seed}: steps that were not reached`).toEqual([]);
      ends.push(end.status);
    }
    expect(new Set(ends)).toEqual(new Set(["succeeded", "failed"]));
  });
});

type End = { readonly status: "succeeded" } | { readonly status: "failed"; readonly cause: string };

interface Token {
  readonly succeed: () => void;
  readonly fail: (error: string, cause: string) => void;
}

/** A run of a workflow that goes on by itself, and an execution of the interpreter that is answered from its states. */
class Mirror {
  /** Steps in the order in which their Tasks were reached. */
  readonly reached: string[] = [];
  readonly #plan: WorkflowPlan;
  readonly #random: SeededRandom;
  readonly #run: WorkflowRun;
  readonly #tokens = new Map<string, Token>();
  readonly #execution: { readonly result: Promise<unknown> };

  constructor(plan: WorkflowPlan, random: SeededRandom) {
    this.#plan = plan;
    this.#random = random;
    this.#run = new WorkflowRun(plan);
    const definition = nested(toStateMachine(plan, { queueUrl: "https://sqs.test/queue" }));
    const handlers = tasksOf(definition).map(([name]): [string, (input: unknown) => Promise<null>] => [
      name,
      (input) => this.#reach(input as TaskState["Parameters"]),
    ]);
    let tokens = 0;
    const interpreter = new Interpreter(
      JSON.parse(uncounted(JSON.stringify(definition))) as ConstructorParameters<typeof Interpreter>[0],
      { validationOptions: { noValidate: true } },
    );
    this.#execution = interpreter.run(
      { run: "default.etl@20260308T030000.000Z" },
      {
        overrides: { taskResourceLocalHandlers: Object.fromEntries(handlers) },
        context: {
          Task: {
            get Token() {
              tokens += 1;
              return `token-${tokens}`;
            },
          },
        },
      },
    );
  }

  /** Ends steps that are open, one at a time and now and then before the interpreter has reached them. */
  async play(endOf: () => "succeeded" | "failed"): Promise<End> {
    const result = this.#execution.result.then(
      (): End => ({ status: "succeeded" }),
      (error: unknown): End => ({ status: "failed", cause: (error as Error).message }),
    );
    for (let open = this.#open; open.length > 0; open = this.#open) {
      if (this.#random.next() < 0.5) await this.#settle();
      this.#run.end([this.#random.pick(open), { status: endOf() }]);
      this.#answer();
    }
    await this.#settle();
    this.#answerFailures();
    return await Promise.race([result, timeUp()]);
  }

  get expectedEnd(): End {
    const { end } = this.#run.last;
    return end?.status === "failed"
      ? { status: "failed", cause: `Execution has failed with the following error: ${end.error.message}` }
      : { status: "succeeded" };
  }

  /** Steps that were not reached though nothing that comes before them, in their phase or in one before, has failed. */
  get missed(): readonly string[] {
    const held = new Set<string>();
    for (const phase of PHASES) {
      const isBehind = [...held].some((name) => getStep(this.#plan, name).phase !== phase && this.#fails(name));
      for (const name of this.#plan.order[phase]) {
        const { needs } = getStep(this.#plan, name);
        const isHeld = isBehind || needs.some((need) => held.has(need) || this.#fails(need));
        if (isHeld || this.#fails(name)) held.add(name);
        if (!isHeld && !this.reached.includes(name)) return [name];
      }
    }
    return [];
  }

  get #open(): readonly string[] {
    return Object.entries(this.#run.statuses).flatMap(([name, status]) => (status === "open" ? [name] : []));
  }

  #fails(name: string): boolean {
    return countsAs(getStep(this.#plan, name), this.#run.states.get(name)) === "failed";
  }

  async #reach({ QueueUrl, MessageBody }: TaskState["Parameters"]): Promise<null> {
    const { step, ...others } = MessageBody;
    expect(QueueUrl).toBe("https://sqs.test/queue");
    expect(others).toEqual({
      v: 1,
      retries: 0,
      run: "default.etl@20260308T030000.000Z",
      token: expect.stringMatching(/^token-\d+$/) as string,
    });
    this.reached.push(step);
    const answered = new Promise<null>((resolve, reject) => {
      this.#tokens.set(step, {
        succeed: () => resolve(null),
        fail: (error, cause) => reject(Object.assign(new Error(cause), { name: error })),
      });
    });
    this.#answer();
    return await answered;
  }

  /** Answers what has ended well. */
  #answer(): void {
    for (const [name, token] of this.#tokens) {
      const answer = answerFor(getStep(this.#plan, name), this.#run.states.get(name), undefined);
      if (answer === undefined) continue;
      expect(answer.as).toBe("success");
      this.#tokens.delete(name);
      token.succeed();
    }
  }

  /** Answers the rest, once the workflow has ended and all that it could reach was reached. */
  #answerFailures(): void {
    for (const [name, token] of this.#tokens) {
      const answer = answerFor(getStep(this.#plan, name), this.#run.states.get(name), this.#run.last.end);
      if (answer?.as === "failure") token.fail(answer.error, answer.cause);
    }
  }

  async #settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) await setImmediate();
  }
}

async function timeUp(): Promise<never> {
  for (let round = 0; round < 1_000; round += 1) await setImmediate();
  throw new Error("The interpreter hangs");
}

function tasksOf({ States }: Sequence): readonly (readonly [string, TaskState])[] {
  return Object.entries(States).flatMap(([name, state]) =>
    state.Type === "Task" ? [[name, state] as const] : state.Branches.flatMap(tasksOf),
  );
}

/**
 * The same sequence with no Parallel of more branches than the interpreter plays at a time, and with time-outs that its
 * timers can hold.
 */
/** The interpreter does not say how often a state was tried again. */
function uncounted(definition: string): string {
  return definition.replaceAll('"retries.$":"$$.State.RetryCount"', () => '"retries":0');
}

function nested({ StartAt, States }: Sequence): Sequence {
  const states = Object.entries(States).map(([name, state]): [string, State] => [
    name,
    state.Type === "Parallel"
      ? { ...state, Branches: grouped(state.Branches.map(nested), name) }
      : { ...state, TimeoutSeconds: MAX_TIMEOUT_SECONDS },
  ]);
  return { StartAt, States: Object.fromEntries(states) };
}

function grouped(branches: readonly Sequence[], name: string): readonly Sequence[] {
  if (branches.length <= MAX_BRANCHES) return branches;
  const groups = Array.from({ length: Math.ceil(branches.length / MAX_BRANCHES) }, (_, index): Sequence => {
    const Branches = branches.slice(index * MAX_BRANCHES, (index + 1) * MAX_BRANCHES);
    const StartAt = `${name}, ${index}`;
    return { StartAt, States: { [StartAt]: { Type: "Parallel", Comment: "", ResultPath: null, Branches, End: true } } };
  });
  return grouped(groups, `${name},`);
}

function randomPlan(random: SeededRandom): WorkflowPlan {
  const drawn = (prefix: string) => withRules(randomGraph(random, prefix), random);
  return aPlan(drawn("s"), { onError: drawn("e"), finally: drawn("f") });
}

function withRules(steps: Steps, random: SeededRandom): Steps {
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]): [string, Partial<StepDefinition>] => {
      const rule = random.next() < 0.7 ? "allSucceeded" : random.pick(TRIGGER_RULES);
      return [
        name,
        {
          ...step,
          rule: rule === "anyFailed" && step.needs?.length === 0 ? "allEnded" : rule,
          allowFailure: random.next() < 0.2,
          ...(random.next() < 0.1 && { when: "false" }),
        },
      ];
    }),
  );
}
