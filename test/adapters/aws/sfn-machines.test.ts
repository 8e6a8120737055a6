import { describe, expect, it } from "vitest";
import { executionName } from "../../../adapters/aws/sfn-names.ts";
import { toStateMachine } from "../../../core/workflow/asl/to-state-machine.ts";
import type { StateMachine } from "../../../core/workflow/asl/state-machine.ts";
import { aService, ARN_PREFIX, MACHINE, planOf, QUEUE_URL, ROLE_ARN, RUN } from "./sfn-rig.ts";

/** Runs of versions of the job, each at an instant of its own. */
function runOf(version: number) {
  return { ...RUN, version, stamp: `20260308T0730${String(version).padStart(2, "0")}.000Z` };
}

describe("the state machine of a workflow", () => {
  it("is made when its first run begins, with its role and what it is of", async () => {
    const { service, executions } = aService();

    await executions.begin(RUN, planOf("load"));

    expect(service.calls).toEqual(["DescribeStateMachine", "CreateStateMachine", "StartExecution"]);
    const machine = service.machines.get(MACHINE);
    expect(machine).toMatchObject({
      arn: ARN_PREFIX + MACHINE,
      roleArn: ROLE_ARN,
      tags: { "carillon:installation": "carillon", "carillon:namespace": "default", "carillon:job": "etl" },
      versions: [{ number: 1, description: "version 1 of default.etl" }],
    });
    const definition = JSON.parse(machine?.definition ?? "") as StateMachine;
    expect(definition).toEqual(toStateMachine(planOf("load"), { queueUrl: QUEUE_URL }));
  });

  it("takes the longest names that there are", async () => {
    const { service, open } = aService();
    const executions = open({ installation: "i".repeat(40) });
    const run = {
      namespace: "n".repeat(63),
      job: "j".repeat(128),
      stamp: `${RUN.stamp}-${"s".repeat(64)}`,
      version: 9_999,
    };

    await executions.begin(run, planOf("load"));
    await executions.stop(run, { error: "Carillon.Cancelled", cause: "enough" });

    expect([...service.service.executions.values()]).toMatchObject([{ status: "ABORTED" }]);
  });

  it("is asked for once, however many runs begin at once", async () => {
    const { service, executions } = aService();
    const stamps = Array.from({ length: 10 }, (_, index) => `${RUN.stamp}-${index}`);

    await Promise.all(stamps.map((stamp) => executions.begin({ ...RUN, stamp }, planOf("load"))));

    expect(service.calls.filter((call) => call !== "StartExecution")).toEqual([
      "DescribeStateMachine",
      "CreateStateMachine",
    ]);
    expect(service.executionsOf(MACHINE)).toHaveLength(10);
  });

  it("is made once by engines that begin at once, and found by the one that came second", async () => {
    const { service, executions, open } = aService();
    const others = [open(), open()];

    await Promise.all([executions, ...others].map((each) => each.begin(RUN, planOf("load"))));

    expect(service.machines.get(MACHINE)?.versions).toHaveLength(1);
    expect(service.executionsOf(MACHINE)).toHaveLength(1);
  });

  it("is refused to the second of two with different definitions, which finds it when it comes again", async () => {
    const { service, executions, open } = aService();
    const later = open();

    const [first, second] = await Promise.allSettled([
      executions.begin(runOf(1), planOf("load")),
      later.begin(runOf(2), planOf("store")),
    ]);

    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({
      status: "rejected",
      reason: { code: "UNAVAILABLE", message: expect.stringContaining(`Cannot publish state machine "${MACHINE}"`) },
    });
    await later.begin(runOf(2), planOf("store"));
    expect(service.machines.get(MACHINE)?.versions.map(({ number }) => number)).toEqual([2, 1]);
  });

  it("has one version for a definition, also when other versions of the job have the same", async () => {
    const { service, executions, open } = aService();
    await executions.begin(runOf(1), planOf("load"));

    await executions.begin(runOf(2), planOf("load"));
    await open().begin(runOf(3), planOf("load"));

    expect(service.machines.get(MACHINE)?.versions).toMatchObject([{ number: 1 }]);
    expect(service.executionsOf(MACHINE)).toHaveLength(3);
  });

  it("gets a version with each new definition, and a run the one of its own", async () => {
    const { service, executions } = aService();
    await executions.begin(runOf(1), planOf("load"));

    await executions.begin(runOf(2), planOf("store"));
    await executions.begin({ ...runOf(1), stamp: `${RUN.stamp}-late` }, planOf("load"));

    expect(service.machines.get(MACHINE)?.versions.map(({ description }) => description)).toEqual([
      "version 2 of default.etl",
      "version 1 of default.etl",
    ]);
    expect(service.executionsOf(MACHINE).map(({ entered }) => entered)).toEqual([["load"], ["store"], ["load"]]);
  });

  it("is not changed by an engine that knows nothing for a run of a former definition", async () => {
    const { service, executions, open } = aService();
    await executions.begin(runOf(1), planOf("load"));
    await executions.begin(runOf(2), planOf("store"));
    service.calls.length = 0;

    await open().begin({ ...runOf(1), stamp: `${RUN.stamp}-late` }, planOf("load"));

    expect(service.calls).not.toContain("UpdateStateMachine");
    expect(service.executionsOf(MACHINE).at(-1)?.entered).toEqual(["load"]);
  });

  it("is published anew when its role has changed", async () => {
    const { service, executions, open } = aService();
    await executions.begin(runOf(1), planOf("load"));
    const roleArn = `${ROLE_ARN}-2`;

    await open({ roleArn }).begin({ ...runOf(1), stamp: `${RUN.stamp}-late` }, planOf("load"));

    expect(service.machines.get(MACHINE)?.versions).toMatchObject([{ number: 2, roleArn }, { number: 1 }]);
  });

  it("keeps the last 25 versions", async () => {
    const { service, executions } = aService();

    for (let version = 1; version <= 28; version += 1) await executions.begin(runOf(version), planOf(`s${version}`));

    const numbers = service.machines.get(MACHINE)?.versions.map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => 28 - index));
  });

  it("loses later the versions that could not be deleted at their time", async () => {
    const { service, executions } = aService();
    for (let version = 1; version <= 25; version += 1) await executions.begin(runOf(version), planOf(`s${version}`));
    service.failNext("DeleteStateMachineVersion", "ConflictException", 409);

    const begun = executions.begin(runOf(26), planOf("s26"));

    await expect(begun).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await executions.begin(runOf(26), planOf("s26"));
    expect(service.machines.get(MACHINE)?.versions).toHaveLength(26);
    await executions.begin(runOf(27), planOf("s27"));
    expect(service.machines.get(MACHINE)?.versions.at(-1)?.number).toBe(3);
  });

  it("gets back a version that is deleted while an engine still remembers it", async () => {
    const { service, executions } = aService();
    await executions.begin(runOf(1), planOf("load"));
    await executions.begin(runOf(2), planOf("store"));
    const machine = service.machines.get(MACHINE);
    if (machine !== undefined) machine.versions = machine.versions.filter(({ number }) => number !== 1);
    const late = { ...runOf(1), stamp: `${RUN.stamp}-late` };

    await expect(executions.begin(late, planOf("load"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await executions.begin(late, planOf("load"));

    expect(machine?.versions).toMatchObject([{ number: 3 }, { number: 2 }]);
    expect(service.executionsOf(MACHINE).at(-1)).toMatchObject({
      name: `${MACHINE}:${executionName(late)}`,
      entered: ["load"],
    });
  });

  it("is made anew when it was deleted behind our back", async () => {
    const { service, executions } = aService();
    await executions.begin(runOf(1), planOf("load"));
    service.machines.delete(MACHINE);
    const late = { ...runOf(1), stamp: `${RUN.stamp}-late` };

    await expect(executions.begin(late, planOf("load"))).rejects.toMatchObject({
      name: "PortError",
      code: "UNAVAILABLE",
      message: expect.stringContaining(`Cannot start the execution of run "default.etl@${late.stamp}"`),
    });
    await executions.begin(late, planOf("load"));

    expect(service.executionsOf(MACHINE).at(-1)?.status).toBe("RUNNING");
  });

  it("is waited for while the former one of its name is being deleted", async () => {
    const { service, executions } = aService();
    await executions.begin(RUN, planOf("load"));
    await executions.stop(RUN, { error: "Carillon.Cancelled", cause: "enough" });
    await executions.remove(RUN);
    const anew = runOf(3);

    await expect(executions.begin(anew, planOf("load"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(executions.begin(anew, planOf("store"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    service.finishDeletions();
    await executions.begin(anew, planOf("load"));

    expect(service.machines.get(MACHINE)).toMatchObject({ status: "ACTIVE", versions: [{ number: 1 }] });
  });

  it("is found although it is not yet seen everywhere", async () => {
    const { service, executions, open } = aService();
    await executions.begin(RUN, planOf("load"));
    service.failNext("DescribeStateMachine", "StateMachineDoesNotExist");

    await open().begin({ ...RUN, stamp: `${RUN.stamp}-2` }, planOf("load"));

    expect(service.machines.get(MACHINE)?.versions).toHaveLength(1);
  });

  it.each([
    ["ThrottlingException", 400, "THROTTLED"],
    ["AccessDeniedException", 400, "UNAVAILABLE"],
    ["ConflictException", 409, "UNAVAILABLE"],
    ["ServiceQuotaExceededException", 402, "UNAVAILABLE"],
    ["StateMachineLimitExceeded", 400, "UNAVAILABLE"],
    ["InvalidDefinition", 400, "INVALID"],
  ])("is tried for again after %s", async (error, status, code) => {
    const { service, executions } = aService();
    service.failNext("CreateStateMachine", error, status);

    await expect(executions.begin(RUN, planOf("load"))).rejects.toMatchObject({
      name: "PortError",
      code,
      message: expect.stringContaining(`Cannot publish state machine "${MACHINE}"`),
    });
    await executions.begin(RUN, planOf("load"));

    expect(service.executionsOf(MACHINE)).toHaveLength(1);
  });
});
