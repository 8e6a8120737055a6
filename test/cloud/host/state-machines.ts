import type { StopReason } from "../../../core/ports/executions.ts";
import type { RunKey } from "../../../core/run/run-id.ts";
import type { StateMachine } from "../../../core/workflow/asl/state-machine.ts";
import { machineName } from "../../../adapters/aws/sfn-names.ts";
import type { FakeMachine } from "../../support/aws/fake-state-machines.ts";
import { FakeStepFunctions, statesOf } from "../../support/aws/fake-step-functions.ts";
import type { Execution } from "../../support/state-machines.ts";
import { type Backend, fakeBackend, type Refusal } from "./aws-front.ts";
import type { Deployment } from "./deployment.ts";
import type { Emulators } from "./emulators.ts";
import { ACCOUNT, REGION } from "./identity.ts";
import type { Meter } from "./meter.ts";
import type { Permissions } from "./permissions.ts";

export interface StateMachinesOptions {
  readonly deployment: Deployment;
  readonly permissions: Permissions;
  readonly emulators: Emulators;
  readonly meter: Meter;
  /** Told when the role of a state machine may not send a message. */
  readonly onRefusal: (refusal: Refusal) => void;
}

const TRANSITION = { service: "states", action: "transition", caller: "states" };

type Workflow = Pick<RunKey, "namespace" | "job">;

/** Step Functions with the state machines that the engine makes. Their tasks send messages in the role of theirs. */
export class StateMachines {
  readonly #options: StateMachinesOptions;
  readonly #service: FakeStepFunctions;

  constructor(options: StateMachinesOptions) {
    this.#options = options;
    this.#service = new FakeStepFunctions({
      arnPrefix: `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:`,
      mayAssume: (roleArn) => this.#mayAssume(roleArn),
      send: (message) => this.#send(message),
      onTransition: () => options.meter.record(TRANSITION, { requests: 1, chargedRequests: 1 }),
    });
  }

  get backend(): Backend {
    return fakeBackend((request) => {
      const reply = this.#service.handle(request);
      // At the service it takes some seconds.
      this.#service.finishDeletions();
      return reply;
    });
  }

  /** The state machine of a workflow, of the installation that is named by default. */
  find(workflow: Workflow): FakeMachine | undefined {
    return this.#service.machines.get(machineName("carillon-", workflow));
  }

  /** Names of the states of a workflow as it is now, however deep they are. */
  statesOf(workflow: Workflow): readonly string[] {
    const machine = this.find(workflow);
    return machine === undefined ? [] : statesOf(JSON.parse(machine.definition) as StateMachine);
  }

  /** Executions of a workflow, in the order in which they were started. */
  executionsOf(workflow: Workflow): readonly Execution[] {
    return this.#service.executionsOf(machineName("carillon-", workflow));
  }

  #mayAssume(roleArn: string): boolean {
    const role = this.#options.deployment.all("AWS::IAM::Role").find(({ arn }) => arn === roleArn);
    return JSON.stringify(role?.properties["AssumeRolePolicyDocument"] ?? "").includes('"states.amazonaws.com"');
  }

  #send({ queueUrl, body, roleArn }: { queueUrl: string; body: string; roleArn: string }): StopReason | void {
    const { deployment, permissions, emulators, meter, onRefusal } = this.#options;
    const { arn } = deployment.get("AWS::SQS::Queue", queueUrl);
    const question = { action: "sqs:SendMessage", resource: arn };
    if (!permissions.allows(roleArn, question)) {
      onRefusal({ caller: roleArn, ...question });
      return { error: "SQS.SqsException", cause: `User: ${roleArn} is not authorized to perform: sqs:SendMessage` };
    }
    meter.record({ service: "sqs", action: "SendMessage", caller: "states" }, { requests: 1, chargedRequests: 1 });
    void emulators.send(queueUrl, body);
    return undefined;
  }
}
