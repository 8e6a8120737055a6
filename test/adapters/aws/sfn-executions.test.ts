import { SFNClient } from "@aws-sdk/client-sfn";
import { describe, expect, it } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { SfnExecutions } from "../../../adapters/aws/sfn-executions.ts";
import { OFFLINE, serve } from "../../support/aws/fake-service.ts";
import { aPlan } from "../../support/workflows.ts";
import { aService, ARN_PREFIX, MACHINE, planOf, QUEUE_URL, ROLE_ARN, RUN, WORKFLOW } from "./sfn-rig.ts";

const SUCCESS = { as: "success", output: { status: "succeeded" } } as const;
const FAILURE = { as: "failure", error: "Carillon.StepFailed", cause: "step load has failed" } as const;
const CANCELLED = { error: "Carillon.Cancelled", cause: "by ada" };
const ID = `default.etl@${RUN.stamp}`;

describe("SfnExecutions", () => {
  it("begin() starts an execution that tells of the run by the engine's queue, in the role of state machines", async () => {
    const { service, sent, executions } = aService();

    await executions.begin(RUN, planOf("load"));

    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "RUNNING", input: { run: ID } }]);
    expect(sent).toMatchObject([{ queueUrl: QUEUE_URL, roleArn: ROLE_ARN, message: { v: 1, run: ID, step: "load" } }]);
  });

  it("begin() of a run that has begun does nothing, whether its execution is under way or has ended", async () => {
    const { service, sent, executions, open } = aService();
    await executions.begin(RUN, planOf("load"));

    await executions.begin(RUN, planOf("load"));
    await open().begin(RUN, planOf("load"));
    await executions.answer(sent[0]?.message.token ?? "", SUCCESS);
    await executions.begin(RUN, planOf("load"));

    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "SUCCEEDED", entered: ["load"] }]);
    expect(sent).toHaveLength(1);
  });

  it("answer() lets an execution go on, and end", async () => {
    const { service, sent, executions } = aService();
    await executions.begin(RUN, aPlan({ load: {}, store: { needs: ["load"] } }));

    await executions.answer(sent[0]?.message.token ?? "", SUCCESS);
    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "RUNNING", entered: ["load", "store"] }]);
    await executions.answer(sent[1]?.message.token ?? "", FAILURE);

    const { error, cause } = FAILURE;
    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "FAILED", reason: { error, cause } }]);
  });

  it("answer() does nothing when the task has been answered or its execution has ended, or the token is none", async () => {
    const { service, sent, executions } = aService();
    await executions.begin(RUN, aPlan({ load: {}, store: { needs: ["load"] } }));
    const [load = ""] = sent.map(({ message }) => message.token);
    await executions.answer(load, SUCCESS);

    await executions.answer(load, FAILURE);
    await executions.stop(RUN, CANCELLED);
    await executions.answer(sent[1]?.message.token ?? "", SUCCESS);
    await executions.answer("nonsense", SUCCESS);
    service.failNext("SendTaskSuccess", "TaskDoesNotExist");
    await executions.answer(load, SUCCESS);

    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "ABORTED", entered: ["load", "store"] }]);
  });

  it("stop() ends an execution with the reason, and changes nothing of one that has ended", async () => {
    const { service, executions } = aService();
    await executions.begin(RUN, planOf("load"));

    await executions.stop(RUN, CANCELLED);
    await executions.stop(RUN, { error: "Carillon.TimedOut", cause: "too late" });

    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "ABORTED", reason: CANCELLED }]);
  });

  it("stop() does nothing when there is no execution, or not even a state machine", async () => {
    const { service, executions } = aService();
    await executions.stop(RUN, CANCELLED);
    await executions.begin(RUN, planOf("load"));

    await executions.stop({ ...RUN, stamp: `${RUN.stamp}-2` }, CANCELLED);

    expect(service.executionsOf(MACHINE)).toMatchObject([{ status: "RUNNING" }]);
  });

  it("cuts errors and causes to what the service takes, and no character in half", async () => {
    const { service, sent, executions } = aService();
    const error = `Carillon.${"x".repeat(300)}`;
    const cause = `${"x".repeat(32_767)}\u{1f514}`;
    const reason = { error: error.slice(0, 256), cause: `${"x".repeat(32_767)}\ufffd` };
    const other = { ...RUN, stamp: `${RUN.stamp}-2` };
    await executions.begin(RUN, planOf("load"));
    await executions.begin(other, planOf("load"));

    await executions.answer(sent[0]?.message.token ?? "", { as: "failure", error, cause });
    await executions.stop(other, { error, cause });

    expect(service.executionsOf(MACHINE)).toMatchObject([
      { status: "FAILED", reason },
      { status: "ABORTED", reason },
    ]);
  });

  it("remove() deletes the state machine, and stops what is under way, which would keep it", async () => {
    const { service, executions } = aService();
    await executions.begin(RUN, planOf("load"));
    await executions.remove(WORKFLOW);

    expect(service.calls.slice(-3)).toEqual(["ListExecutions", "StopExecution", "DeleteStateMachine"]);
    expect(service.machines.get(MACHINE)?.status).toBe("DELETING");
  });

  it("remove() has nothing to do when the state machine is being deleted, is gone or never was", async () => {
    const { service, executions } = aService();
    await executions.remove(WORKFLOW);
    await executions.begin(RUN, planOf("load"));
    await executions.remove(WORKFLOW);
    await executions.remove(WORKFLOW);
    service.finishDeletions();
    await executions.remove(WORKFLOW);

    expect(service.machines.size).toBe(0);
  });

  it("remove() leaves other workflows alone", async () => {
    const { service, executions } = aService();
    await executions.begin({ ...RUN, job: "other" }, planOf("load"));
    await executions.remove(WORKFLOW);

    expect([...service.machines.values()].map(({ status }) => status)).toEqual(["ACTIVE"]);
  });

  describe.each([
    ["ThrottlingException", "THROTTLED"],
    ["AccessDeniedException", "UNAVAILABLE"],
  ])("after %s", (error, code) => {
    it.each<[operation: string, method: string, act: (executions: SfnExecutions, token: string) => Promise<unknown>]>([
      [
        "StartExecution",
        "begin",
        (executions) => executions.begin({ ...RUN, stamp: `${RUN.stamp}-2` }, planOf("load")),
      ],
      ["SendTaskSuccess", "answer", (executions, token) => executions.answer(token, SUCCESS)],
      ["SendTaskFailure", "answer", (executions, token) => executions.answer(token, FAILURE)],
      ["StopExecution", "stop", (executions) => executions.stop(RUN, CANCELLED)],
      ["ListExecutions", "remove", (executions) => executions.remove(WORKFLOW)],
      ["DeleteStateMachine", "remove", (executions) => executions.remove(WORKFLOW)],
    ])(`%s: %s() says ${code}, and does it when it is asked again`, async (operation, _, act) => {
      const { service, sent, executions } = aService();
      await executions.begin(RUN, planOf("load"));
      const token = sent[0]?.message.token ?? "";
      service.failNext(operation, error);

      await expect(act(executions, token)).rejects.toMatchObject({ name: "PortError", code });
      await expect(act(executions, token)).resolves.not.toThrow();
    });
  });

  it("speaks the service's protocol over HTTP", async () => {
    const { service } = aService();
    const server = await serve(service.handle);
    const client = new SFNClient({ ...OFFLINE, ...clientConfig(), endpoint: server.url });
    const options = { arnPrefix: ARN_PREFIX, roleArn: ROLE_ARN, installation: "carillon", queueUrl: QUEUE_URL };

    await new SfnExecutions(client, options).begin(RUN, planOf("load"));

    expect(service.executionsOf(MACHINE)).toHaveLength(1);
    client.destroy();
    await server.close();
  });
});
