import { describe, expect, it } from "vitest";
import type { JobDefinition } from "../../../core/job/definition.ts";
import { formatRunId } from "../../../core/run/run-id.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import { whyRun } from "../../../core/services/why.ts";
import type { StepDefinition } from "../../../core/workflow/definition.ts";
import { takes, workflow, WorkflowWorld } from "../../support/workflow-world.ts";
import { NAMESPACE } from "../../support/world.ts";

type Rules = NonNullable<JobDefinition["concurrency"]>;

/** A limit that the workflow and its step take, with or without parameters of each. */
interface Case {
  readonly what: string;
  readonly own: Rules;
  readonly step: Rules;
  readonly more?: Partial<StepDefinition>;
  readonly parameters?: JobDefinition["parameters"];
  /** Of the refusal, the concurrency entry of the step. */
  readonly index?: number;
}

const shared = (rule: Partial<Rules[number]> = {}) => ({ key: "db", scope: "namespace", limit: 1, ...rule }) as const;
/** The same entry at both. */
const both = (rule: Partial<Rules[number]>) => ({ own: [shared(rule)], step: [shared(rule)] });
const unnamed = { scope: "namespace", limit: 1 } as const;
const MAP = { over: "[1, 2, 3]" };

const ENDLESS: readonly Case[] = [
  { what: "one key of the namespace", ...both({}) },
  { what: "the namespace as a whole", own: [unnamed], step: [unnamed] },
  { what: "weights above the limit together", ...both({ limit: 5, weight: 3 }) },
  { what: "a lower limit at the step", own: [shared({ limit: 5 })], step: [shared()] },
  { what: "a step with items", ...both({}), more: { map: MAP } },
  { what: "a key by slot and job", ...both({ key: "{{job.name}} {{slot.date -1d}} {{run.attempt}} {{{{x}}" }) },
  { what: "a key by a parameter", ...both({ key: "{{parameters.a}}" }), parameters: { a: "x" } },
  {
    what: "a key by a parameter, and another parameter of the step",
    ...both({ key: "{{parameters.a.id}}" }),
    parameters: { a: { id: "x" } },
    more: { parameters: { b: 1 } },
  },
  { what: "a key by all parameters", ...both({ key: "{{parameters}}" }), parameters: { a: "x" } },
  {
    what: "a key that both name twice, of which the first counts",
    own: [shared({ limit: 3, weight: 3 }), shared({ limit: 3 })],
    step: [{ limit: 1 }, shared({ limit: 3 }), shared({ limit: 9 })],
    index: 1,
  },
];

const POSSIBLE: readonly Case[] = [
  { what: "keys of their own", own: [{ key: "db", limit: 1 }], step: [{ key: "db", limit: 1 }] },
  { what: "no key but themselves", own: [{ limit: 1 }], step: [{ limit: 1 }] },
  { what: "room for both", ...both({ limit: 5, weight: 2 }) },
  { what: "a higher limit at the step", own: [shared()], step: [shared({ limit: 2 })] },
  { what: "items, of which one has room", ...both({ limit: 2 }), more: { map: MAP } },
  { what: "a key by run", ...both({ key: "{{run.id}}" }) },
  {
    what: "a key by a parameter that the step has too",
    ...both({ key: "{{parameters.a}}" }),
    parameters: { a: "x" },
    more: { parameters: { a: "y" } },
  },
  {
    what: "a key by all parameters, and one of the step",
    ...both({ key: "{{parameters}}" }),
    parameters: { a: "x" },
    more: { parameters: { b: 1 } },
  },
  {
    what: "a key that both name twice, of which the first counts",
    own: [shared({ limit: 3 }), shared({ limit: 3, weight: 3 })],
    step: [shared({ limit: 3 }), shared({ limit: 1 })],
  },
];

function define(world: WorkflowWorld, { own, step, more = {}, parameters = {} }: Case) {
  const steps = { a: { concurrency: [...step], ...more } };
  return world.defineWorkflow("etl", workflow(steps), { concurrency: [...own], parameters });
}

describe("a workflow and its step at one limit", () => {
  it.each(ENDLESS)("are refused with $what: they would wait for each other", async ({ index = 0, ...rest }) => {
    await expect(define(new WorkflowWorld(), rest)).rejects.toMatchObject({
      code: "workflow-invalid",
      pointer: `/executor/steps/a/concurrency/${index}`,
    });
  });

  it.each(POSSIBLE)("come to their end with $what", async (one) => {
    const world = new WorkflowWorld();
    await define(world, one);
    const run = await world.start("etl");
    await world.advance(60_000);

    expect((await world.ended(run)).status).toBe("succeeded");
  });

  it("are refused in words that name the key, the limit and what each takes, in any phase", async () => {
    const world = new WorkflowWorld();
    const concurrency = [shared({ limit: 5, weight: 2 })];
    const last = { b: { concurrency: [{ limit: 1 }, shared({ limit: 5, weight: 4 })] } };

    await expect(
      world.defineWorkflow("etl", workflow({ a: {} }, { finally: last }), { concurrency }),
    ).rejects.toMatchObject({
      pointer: "/executor/finally/steps/b/concurrency/1",
      message:
        'Cannot run step "b": it would wait for ever for key "db" of the namespace, whose limit is 5; the workflow itself holds 2 of it while its steps run, and the step needs 4',
    });
  });
});

describe("whyRun() of a step at a limit that its workflow holds", () => {
  it("says that the two wait for each other for ever", async () => {
    const world = new WorkflowWorld();
    const steps = { a: { concurrency: [shared({ key: "{{parameters.db}}" })], parameters: { db: "x" } } };
    await world.defineWorkflow("etl", workflow(steps), { concurrency: [shared({ key: "x" })] });
    const run = await world.start("etl");
    await world.advance(60_000);

    const constraints = await whyRun(world.core, await world.step(run, "a"));

    const id = formatRunId(run);
    expect(constraints).toHaveLength(1);
    expect(constraints[0]).toMatchObject({
      code: "limitFull",
      detail: `Concurrency key "key#default#x" is full: 1 of 1 held by ${id}, 0 waiting before it; ${id} keeps 1 of it until this run has ended, which needs 1: they wait for each other for ever`,
      evidence: { weight: 1, heldByItsWorkflow: [id], isForEver: true },
    });
  });

  it("says so of the run of another job that the workflow waits for, and of steps below it", async () => {
    const world = new WorkflowWorld();
    await world.defineWorkflow("inner", workflow({ a: { concurrency: [shared()] } }));
    await world.defineWorkflow("outer", workflow({ sub: { workflow: { job: "inner" } } }), { concurrency: [shared()] });
    const run = await world.start("outer");
    await world.advance(60_000);
    const [inner] = world.runs("inner");
    if (inner === undefined) throw new Error("There is no inner run");

    const [constraint] = await whyRun(world.core, await world.step(inner, "a"));

    expect(constraint?.evidence).toMatchObject({ heldByItsWorkflow: [formatRunId(run)], isForEver: true });
  });

  it("says what the workflow holds of one that others have taken", async () => {
    const world = new WorkflowWorld();
    world.steps.set("other", () => takes(3_600_000));
    await world.define({ name: "other", concurrency: [shared({ limit: 2 })] });
    await world.defineWorkflow("etl", workflow({ a: { concurrency: [shared({ limit: 2 })] } }), {
      concurrency: [shared({ limit: 2 })],
    });
    await triggerRuns(world.core, NAMESPACE, "other", { requests: [{}] });
    await world.advance(1_000);
    const run = await world.start("etl");
    await world.advance(60_000);

    const [constraint] = await whyRun(world.core, await world.step(run, "a"));

    expect(constraint?.detail).toMatch(
      / is full: 2 of 2 held by .*; default\.etl@\S+ keeps 1 of it until this run has ended$/,
    );
    expect(constraint?.evidence).not.toHaveProperty("isForEver");
  });

  it("tells of the line, where there is room but somebody waits before it", async () => {
    const world = new WorkflowWorld();
    world.steps.set("first", () => takes(10_000));
    const steps = { first: {}, a: { needs: ["first"], concurrency: [shared({ limit: 2 })] } };
    await world.defineWorkflow("etl", workflow(steps), { concurrency: [shared({ limit: 2 })] });
    await world.define({ name: "heavy", concurrency: [shared({ limit: 2, weight: 2 })] });
    const run = await world.start("etl");
    await world.advance(1_000);
    await triggerRuns(world.core, NAMESPACE, "heavy", { requests: [{}] });
    await world.advance(60_000);
    const [heavy] = world.runs("heavy");
    if (heavy === undefined) throw new Error("There is no heavy run");

    const [constraint] = await whyRun(world.core, await world.step(run, "a"));

    expect(constraint).toMatchObject({
      code: "limitFull",
      detail: `Concurrency key "key#default#db" has a line, in which 1 waits before it, the first ${formatRunId(heavy)} for 2; 1 of 2 held by ${formatRunId(run)}; ${formatRunId(run)} keeps 1 of it until this run has ended`,
      evidence: { place: 1, waiters: 2 },
    });
  });
});
