import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../api/contract/run.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";
import type { StepDefinition } from "../../core/workflow/definition.ts";
import { eventually } from "../support/eventually.ts";
import type { Execution } from "../support/state-machines.ts";
import { Cloud } from "./host/cloud.ts";

type Steps = Record<string, StepDefinition>;

const NAMESPACE = "default";
const TRUE: StepDefinition = { executor: { type: "command", argv: ["true"] } };
const FALSE: StepDefinition = { executor: { type: "command", argv: ["false"] } };

describe("workflows of the deployed product", () => {
  let cloud: Cloud;
  let client: CarillonClient;

  beforeAll(async () => {
    cloud = await Cloud.start();
    client = await cloud.client();
  });

  afterAll(async () => {
    await cloud.close();
  });

  async function start(name: string, steps: Steps): Promise<Run> {
    const executor = { type: "workflow", steps } as const;
    await client.jobs.put(NAMESPACE, { name, executor, overlap: "allow" }, { ifAbsent: true });
    return client.jobs.trigger({ namespace: NAMESPACE, job: name });
  }

  function endedRun(id: string): Promise<Run> {
    return eventually(async () => {
      const run = await client.runs.get(id);
      return run.endedAt === undefined ? undefined : run;
    });
  }

  async function running(run: Run, step: string): Promise<string> {
    const id = `${run.id}.${step}`;
    return eventually(async () =>
      (await client.runs.get(id).catch(() => undefined))?.status === "running" ? id : undefined,
    );
  }

  function findExecution(run: Run): Execution | undefined {
    const executions = cloud.stateMachines.executionsOf({ namespace: NAMESPACE, job: run.job });
    return executions.find(({ input }) => input["run"] === run.id);
  }

  /** The execution of a run, once it has ended. */
  function endedExecution(run: Run): Promise<Execution> {
    return eventually(() => {
      const execution = findExecution(run);
      return Promise.resolve(execution?.status === "RUNNING" ? undefined : execution);
    });
  }

  function statesOf(job: string): readonly string[] {
    return cloud.stateMachines.statesOf({ namespace: NAMESPACE, job });
  }

  it("are shown by executions that enter each state once and succeed as they do", async () => {
    const run = await start("shown", {
      begin: TRUE,
      left: { ...TRUE, needs: ["begin"] },
      right: { ...TRUE, needs: ["begin"] },
      soft: { ...FALSE, needs: ["begin"], allowFailure: true },
      choice: {
        switch: { cases: [{ when: "true", choose: ["yes"] }], default: ["no"] },
        needs: ["left", "right"],
      },
      yes: { ...TRUE, needs: ["choice"] },
      no: { ...TRUE, needs: ["choice"] },
      gate: { approval: { by: ["test"] }, needs: ["yes"] },
      end: { ...TRUE, needs: ["gate", "soft"] },
    });

    await client.workflows.approve(await running(run, "gate"));

    expect((await endedRun(run.id)).status).toBe("succeeded");
    const execution = await endedExecution(run);
    expect(execution.status).toBe("SUCCEEDED");
    expect(execution.entered.toSorted()).toEqual(statesOf("shown").toSorted());
    expect(execution.transitions).toBe(execution.entered.length);
  });

  it("are shown by executions that fail as they do, after all that could run", { timeout: 60_000 }, async () => {
    const run = await start("failing", {
      bad: FALSE,
      beside: TRUE,
      behind: { ...TRUE, needs: ["beside"] },
      blocked: { ...TRUE, needs: ["bad"] },
    });

    expect((await endedRun(run.id)).status).toBe("failed");

    const { status, reason, entered } = await endedExecution(run);
    expect(status).toBe("FAILED");
    expect(reason).toMatchObject({ error: "Carillon.StepFailed", cause: expect.stringContaining('"bad"') });
    const states = statesOf("failing").filter((state) => state !== "blocked");
    expect(entered.toSorted()).toEqual(states.toSorted());
  });

  it("are shown by executions that are stopped when they are cancelled", async () => {
    const run = await start("doomed", {
      long: { executor: { type: "command", argv: ["sleep", "600"] } },
      rest: { wait: { for: "1h" } },
      after: { ...TRUE, needs: ["long"] },
    });
    await running(run, "long");
    // A run that is cancelled before its execution has begun has none.
    await eventually(() => Promise.resolve(findExecution(run)));

    await client.runs.cancel(run.id, { graceMs: 500 });

    expect((await endedRun(run.id)).status).toBe("cancelled");
    const { status, entered } = await endedExecution(run);
    expect(status).toBe("ABORTED");
    expect(entered).not.toContain("after");
  });

  it("are shown as they were when they began, whatever their definition is by then", async () => {
    const former = await start("changed", {
      gate: { approval: { by: ["test"] } },
      behind: { ...TRUE, needs: ["gate"] },
    });
    const gate = await running(former, "gate");
    const executor = { type: "workflow", steps: { other: TRUE } } as const;
    const { version } = await client.jobs.get({ namespace: NAMESPACE, job: "changed" });
    await client.jobs.put(NAMESPACE, { name: "changed", executor, overlap: "allow" }, { ifVersion: version });
    const latter = await client.jobs.trigger({ namespace: NAMESPACE, job: "changed" });

    expect((await endedExecution(latter)).entered).toEqual(["other"]);
    await client.workflows.approve(gate);
    expect((await endedExecution(former)).entered).toEqual(["gate", "behind"]);
  });

  it("leave no state machine when they are deleted", async () => {
    const run = await start("passing", { only: TRUE });
    await endedExecution(run);

    await client.jobs.delete({ namespace: NAMESPACE, job: "passing" }, { cancel: true });

    await eventually(() => {
      const machine = cloud.stateMachines.find({ namespace: NAMESPACE, job: "passing" });
      return Promise.resolve(machine === undefined ? true : undefined);
    });
  });

  it("ask for nothing that the roles of the engine and of state machines do not allow", () => {
    expect(cloud.front.refusals).toEqual([]);
  });
});
