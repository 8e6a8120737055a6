import { describe, expect, it } from "vitest";
import { toStateMachine } from "../../../../core/workflow/asl/to-state-machine.ts";
import { transitionsOf } from "../../../../core/workflow/asl/transitions.ts";
import { PHASES, type WorkflowPlan } from "../../../../core/workflow/plan.ts";
import { SeededRandom } from "../../../support/seeded-random.ts";
import { problemsOf, problemsOfAll } from "../../../support/states-language.ts";
import { TokenGame } from "../../../support/token-game.ts";
import { fan, graph, line, randomGraph } from "../../../support/workflow-graphs.ts";
import { aPlan } from "../../../support/workflows.ts";

const GRAPHS = 300;
const FIRST_SEED = 20_260_308;
const QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/carillon-reached";

const RANDOM_PLANS = Array.from({ length: GRAPHS }, (_, index) => FIRST_SEED + index).map(
  (seed) => [`seed ${seed}`, randomPlan(new SeededRandom(seed))] as const,
);
const KNOWN_PLANS = [
  ["a line", aPlan(line(10))],
  ["an N", aPlan(graph({ a: "", b: "", c: "a", d: "a b" }))],
  ["a fan", aPlan(fan(200))],
  ["nested", aPlan(graph({ a: "", b: "a", c: "b", d: "b", e: "c d", f: "a", g: "e f", h: "" }))],
  ["all phases", aPlan({ a: {} }, { onError: { b: {} }, finally: { c: {} } })],
] as const;
const PLANS: readonly (readonly [string, WorkflowPlan])[] = [...KNOWN_PLANS, ...RANDOM_PLANS];

describe("every graph", () => {
  it("becomes a definition that is valid", () => {
    const machines = PLANS.map(([name, plan]) => [name, toStateMachine(plan, { queueUrl: QUEUE_URL })] as const);
    for (const [name, machine] of machines.slice(0, 10)) expect(problemsOf(machine), name).toEqual([]);
    expect(problemsOfAll(machines)).toEqual([]);
  });

  it("has each step reached once, at the latest when its needs have ended, whatever ends first", () => {
    for (const [index, [name, plan]] of PLANS.entries()) {
      play(plan, new SeededRandom(index), name);
    }
  });

  it("costs one and a half transitions a step at most", () => {
    const ratios = PLANS.map(([name, plan]) => {
      const ratio = transitionsOf(toStateMachine(plan, { queueUrl: QUEUE_URL })) / plan.steps.size;
      expect(ratio, name).toBeGreaterThanOrEqual(1);
      expect(ratio, name).toBeLessThanOrEqual(1.5);
      return ratio;
    });
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    console.info(`transitions a step: ${mean.toFixed(3)} on average, ${Math.max(...ratios).toFixed(3)} at worst`);
  });

  it("costs what it did: a change of the compiled form is not made unawares", () => {
    const costs = KNOWN_PLANS.map(([name, plan]) => [
      name,
      transitionsOf(toStateMachine(plan, { queueUrl: QUEUE_URL })),
    ]);
    expect(Object.fromEntries(costs)).toEqual({ "a line": 10, "an N": 5, "a fan": 203, nested: 11, "all phases": 3 });
  });
});

/** Answers steps whose needs have ended, in any order, until there are none. */
function play(plan: WorkflowPlan, random: SeededRandom, name: string): void {
  const game = new TokenGame(JSON.stringify(toStateMachine(plan, { queueUrl: QUEUE_URL })));
  const ended = new Set<string>();
  for (;;) {
    const due = dueSteps(plan, ended);
    const late = due.filter((step) => !game.waitsFor(step));
    expect(late, `${name}: steps that may run and were not reached`).toEqual([]);
    if (due.length === 0) break;
    const step = random.pick(due);
    ended.add(step);
    game.answer(step);
  }
  expect(game.isOver, `${name}: over`).toBe(true);
  expect(game.reached.toSorted(), `${name}: steps reached`).toEqual([...plan.steps.keys()].toSorted());
}

/** Steps that have not ended, while all that they wait for has: their needs, and the phases before theirs. */
function dueSteps(plan: WorkflowPlan, ended: ReadonlySet<string>): readonly string[] {
  const phase = PHASES.find((one) => plan.order[one].some((name) => !ended.has(name)));
  return [...plan.steps.values()]
    .filter((step) => step.phase === phase && !ended.has(step.name))
    .filter(({ needs }) => needs.every((need) => ended.has(need)))
    .map(({ name }) => name);
}

function randomPlan(random: SeededRandom): WorkflowPlan {
  const main = randomGraph(random);
  const isPlain = random.next() < 0.7;
  return isPlain ? aPlan(main) : aPlan(main, { onError: randomGraph(random, "e"), finally: randomGraph(random, "f") });
}
