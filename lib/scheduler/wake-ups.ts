import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { type IGrantable, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
  TimeWindow,
} from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import { acknowledgeWildcard, allow } from "../permissions.ts";

export interface WakeUpsProps {
  /** Also the name of the schedule group. */
  readonly installation: string;
  readonly topic: AlarmTopic;
}

export interface WakeUpProps {
  /** Within the group. */
  readonly name: string;
  readonly every: Duration;
  readonly target: IFunction;
  readonly description: string;
  /** What the function is told beside the instant. @default nothing */
  readonly input?: Readonly<Record<string, unknown>>;
}

/**
 * The schedules that wake functions, and where the wake-ups go that reached none. A wake-up that fails is not repeated:
 * the next one does its work as well, and a repeated one would run beside it.
 */
export class WakeUps extends Construct {
  readonly groupName: string;
  /** Wake-ups that Scheduler could not deliver, and those whose function failed. */
  readonly undelivered: IQueue;
  readonly #group: ScheduleGroup;
  readonly #role: Role;

  constructor(scope: Construct, id: string, { installation, topic }: WakeUpsProps) {
    super(scope, id);
    this.groupName = installation;
    this.#group = new ScheduleGroup(this, "Group", {
      scheduleGroupName: installation,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { account } = Stack.of(this);
    // No condition on the group's ARN: Scheduler checks at creation that it can take the role.
    this.#role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": account } },
      }),
    });
    this.undelivered = new Queue(this, "Undelivered", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.undelivered).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "It holds what could not be delivered: there is nothing behind it",
    });
    new PlatformAlarm(this, "UndeliveredAlarm", {
      topic,
      summary: "A wake-up of the scheduler or the sweeper did not reach its function, or the function failed",
      runbook: "undelivered-wake-ups",
      metric: this.undelivered.metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" }),
      threshold: 0,
      missing: "good",
    });
  }

  /** Wakes `target` again and again, with `{"scheduledAt": …}`, the instant the wake-up is for, and `input`. */
  add(id: string, { name, every, target, description, input = {} }: WakeUpProps): Schedule {
    acknowledgeWildcard(this.#role, `${target.functionArn}:*`, "Versions of one function, of which there are none");
    return new Schedule(this, id, {
      scheduleName: name,
      scheduleGroup: this.#group,
      description,
      schedule: ScheduleExpression.rate(every),
      // Without a window of its own, Scheduler still fires anywhere within the minute.
      timeWindow: TimeWindow.off(),
      target: new LambdaInvoke(target, {
        role: this.#role,
        input: ScheduleTargetInput.fromObject({ scheduledAt: ContextAttribute.scheduledTime, ...input }),
        retryAttempts: 1,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: this.undelivered,
      }),
    });
  }

  /** What a woken function does with an event that it failed on, or that waited too long: keep it for people. */
  configure(target: IFunction): void {
    target.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      onFailure: new SqsDestination(this.undelivered),
    });
  }

  /** To read schedules of the group by name, and turn them on and off. */
  grantSwitch(grantee: IGrantable, names: readonly string[]): void {
    const resources = names.map((name) => this.#arnOf(name));
    allow(grantee, { actions: ["scheduler:GetSchedule", "scheduler:UpdateSchedule"], resources });
    // An update names the target and its role anew, so whoever makes it hands over the role.
    allow(grantee, {
      actions: ["iam:PassRole"],
      resources: [this.#role.roleArn],
      conditions: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
    });
  }

  /** By name: the schedule refers to the function, whose permissions come before it. */
  #arnOf(name: string): string {
    return Stack.of(this).formatArn({
      service: "scheduler",
      resource: "schedule",
      resourceName: `${this.groupName}/${name}`,
    });
  }
}
