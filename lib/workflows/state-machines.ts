import { ArnFormat, Stack } from "aws-cdk-lib";
import { type IGrantable, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { allow } from "../permissions.ts";
import type { PoolQueues } from "../queues/pool-queues.ts";

export interface StateMachinesProps {
  /** Begins the names of all state machines. */
  readonly installation: string;
  /** In which the engine rings itself, and is rung by executions. */
  readonly queue: PoolQueues;
}

/**
 * The state machines that show the runs of workflows. The engine makes one for each workflow when its first run begins, so
 * none is in the template: only the role is that all of them take, and what the engine may do with them. They stay when the
 * stack goes, and with them what can be seen of former runs; they cost nothing then.
 */
export class StateMachines extends Construct {
  readonly #installation: string;
  readonly #role: Role;

  constructor(scope: Construct, id: string, { installation, queue }: StateMachinesProps) {
    super(scope, id);
    this.#installation = installation;
    this.#role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("states.amazonaws.com", {
        conditions: {
          StringEquals: { "aws:SourceAccount": Stack.of(this).account },
          ArnLike: { "aws:SourceArn": this.#machines },
        },
      }),
    });
    // Its key is SQS's own, so that there is none to be granted.
    allow(this.#role, { actions: ["sqs:SendMessage"], resources: queue.arns });
  }

  /** By which the engine finds them: the value of `CARILLON_STATE_MACHINES`. */
  get value(): string {
    return JSON.stringify({ arnPrefix: this.#arnOf("stateMachine", ""), roleArn: this.#role.roleArn });
  }

  /** To make, change and delete them, to start and stop executions, and to answer tasks. */
  grantUse(grantee: IGrantable): void {
    allow(grantee, {
      actions: [
        "states:CreateStateMachine",
        // No condition on the tags of a request: the name bounds what may be tagged.
        "states:TagResource",
        "states:UpdateStateMachine",
        "states:DescribeStateMachine",
        "states:PublishStateMachineVersion",
        "states:ListStateMachineVersions",
        "states:DeleteStateMachineVersion",
        "states:DeleteStateMachine",
        "states:StartExecution",
        "states:ListExecutions",
      ],
      resources: [this.#machines],
      wildcard: "The engine makes a state machine for each workflow; their names begin alike",
    });
    allow(grantee, {
      actions: ["states:StopExecution"],
      resources: [this.#arnOf("execution", `${this.#installation}-*:*`)],
      wildcard: "Executions are named after runs, and those of a state machine after it",
    });
    allow(grantee, {
      actions: ["states:SendTaskSuccess", "states:SendTaskFailure"],
      resources: ["*"],
      wildcard: "They know no resources: a token, which only the engine's queue is told, names what it answers",
    });
    allow(grantee, {
      actions: ["iam:PassRole"],
      resources: [this.#role.roleArn],
      conditions: { StringEquals: { "iam:PassedToService": "states.amazonaws.com" } },
    });
  }

  /** All of this installation, and their versions: these are authorized by the ARN of their state machine. */
  get #machines(): string {
    return this.#arnOf("stateMachine", `${this.#installation}-*`);
  }

  #arnOf(resource: string, resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return Stack.of(this).formatArn({ service: "states", resource, resourceName, arnFormat });
  }
}
