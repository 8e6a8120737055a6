import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../api/contract/run.ts";
import type { StepDefinition } from "../../core/workflow/definition.ts";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";
import { BodyTools } from "./body-tools.ts";

type Steps = Record<string, StepDefinition>;

const TRUE: StepDefinition = { executor: { type: "command", argv: ["true"] } };
const LIST = ["a", "b", "c", "d", "e"];

describe.each(BODIES)("workflows on the $name body", ({ start }) => {
  let body: Body;
  const tools = new BodyTools(() => body);

  beforeAll(async () => {
    body = await start();
  });

  afterAll(async () => {
    await body.stop();
  });

  /** Defines a workflow and runs it once. */
  function runOnce(name: string, steps: Steps, outputs?: Record<string, string>): Promise<Run> {
    const executor = { type: "workflow", steps, ...(outputs !== undefined && { outputs }) } as const;
    return tools.runOnce(name, { executor });
  }

  /** The run of a step, as soon as it has one. */
  function step(run: Run, name: string): Promise<Run | undefined> {
    return body.client.runs.get(`${run.id}.${name}`).catch(() => undefined);
  }

  async function endedStep(run: Run, name: string): Promise<Run> {
    return eventually(async () => {
      const found = await step(run, name);
      return found?.endedAt === undefined ? undefined : found;
    });
  }

  it("start a step when its own needs have ended, not with its level", async () => {
    const run = await runOnce("n", {
      a: TRUE,
      b: sleep("4"),
      c: { ...TRUE, needs: ["a"] },
      d: { ...TRUE, needs: ["a", "b"] },
    });

    expect((await tools.ended(run.id)).status).toBe("succeeded");

    const [a, b, c, d] = await Promise.all(["a", "b", "c", "d"].map((name) => endedStep(run, name)));
    expect([a, b, c, d].map((each) => each?.status)).toEqual(Array.from({ length: 4 }, () => "succeeded"));
    expect(isBefore(a?.endedAt, c?.startedAt)).toBe(true);
    expect(isBefore(c?.startedAt, b?.endedAt)).toBe(true);
    expect(isBefore(b?.endedAt, d?.startedAt)).toBe(true);
  });

  it("run a step for each item of a list, wait for two seconds, and take one of two ways", async () => {
    const run = await runOnce(
      "kinds",
      {
        list: {
          executor: { type: "handler", module: "echo.ts" },
          map: { over: JSON.stringify(LIST), concurrency: 3 },
          parameters: { letter: "${{ item }}" },
        },
        rest: { wait: { for: "2s" }, needs: ["list"] },
        choice: {
          switch: { cases: [{ when: "size(steps.list.output) == 5", choose: ["yes"] }], default: ["no"] },
          needs: ["rest", "list"],
        },
        yes: { ...TRUE, needs: ["choice"] },
        no: { ...TRUE, needs: ["choice"] },
      },
      { letters: "steps.list.output" },
    );

    const ended = await tools.ended(run.id);

    expect(ended).toMatchObject({ status: "succeeded", result: { letters: LIST } });
    const [rest, yes, no] = await Promise.all(["rest", "yes", "no"].map((name) => endedStep(run, name)));
    expect(millisBetween(rest?.startedAt, rest?.endedAt)).toBeGreaterThanOrEqual(2_000);
    // On time, give or take what the machine does besides.
    expect(millisBetween(rest?.startedAt, rest?.endedAt)).toBeLessThan(3_500);
    expect([yes?.status, no?.status]).toEqual(["succeeded", "skipped"]);
  });

  it("stop with all that they have begun, and begin nothing more", async () => {
    const run = await runOnce("doomed", {
      long: sleep("600"),
      rest: { wait: { for: "1h" } },
      after: { ...TRUE, needs: ["long"] },
    });
    await eventually(async () => ((await step(run, "long"))?.status === "running" ? true : undefined));

    await body.client.runs.cancel(run.id, { graceMs: 500 });

    expect((await tools.ended(run.id)).status).toBe("cancelled");
    const [long, rest] = await Promise.all(["long", "rest"].map((name) => endedStep(run, name)));
    expect([long?.status, rest?.status]).toEqual(["cancelled", "cancelled"]);
    const after = await step(run, "after");
    expect(after?.startedAt).toBeUndefined();
  });

  it("are told of while nothing but the engine holds them, without a wish for workers", async () => {
    const run = await runOnce("patient", { rest: { wait: { for: "1h" } } });
    await eventually(async () => ((await step(run, "rest"))?.status === "running" ? true : undefined));

    const why = await body.client.runs.why(run.id);

    expect(why.map(({ code }) => code)).toEqual(["waitingForSteps"]);
    expect(await body.client.runs.why(`${run.id}.rest`)).toMatchObject([{ code: "waitingUntil" }]);
    expect((await body.client.pools.list()).map(({ name }) => name)).not.toContain("engine");
    expect(await body.client.pools.workers("engine")).toEqual([]);
    expect(await body.client.pools.queues("engine")).toMatchObject([{ priority: "normal", deadLetters: 0 }]);
    await body.client.runs.cancel(run.id);
    expect((await tools.ended(run.id)).status).toBe("cancelled");
  });

  it("start on their schedule", async () => {
    const at = new Date(Date.now() + 3_000).toISOString();
    const executor = { type: "workflow", steps: { a: TRUE } } as const;
    await tools.define("slotted", { executor, schedule: { at } });

    const run = await eventually(async () =>
      (await tools.runs("slotted")).find(({ endedAt }) => endedAt !== undefined),
    );

    expect(run).toMatchObject({ status: "succeeded", cause: "slot", slotAt: at });
    const lateMs = millisBetween(at, run.startedAt);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1_500);
  });

  it("leave nothing unexplained", async () => {
    expect(await tools.unexplained()).toEqual([]);
  });
});

function sleep(seconds: string): StepDefinition {
  return { executor: { type: "command", argv: ["sleep", seconds] } };
}

function isBefore(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left <= right;
}

function millisBetween(from: string | undefined, to: string | undefined): number {
  return Date.parse(to ?? "") - Date.parse(from ?? "");
}
