import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { PRIORITIES, type Priority } from "../../core/job/priority.ts";
import { allow } from "../permissions.ts";

export interface PoolQueuesProps {
  readonly installation: string;
  readonly pool: string;
  /** Classes that have a queue. @default all */
  readonly priorities?: readonly Priority[];
  /** For receivers that name no time themselves, which workers do. @default two minutes */
  readonly visibility?: Duration;
}

/**
 * Generous, since most deliveries that come to nothing are no fault of the message: a worker that drains, or whose slots
 * stay taken, gives back what it holds; a run that another worker holds is looked at up to three times; each worker that
 * is lost costs one more, and a run is given up after five of those. What comes this far crashes whoever reads it.
 */
const MAX_RECEIVES = 100;

/** A message only names a run, which the engine rings for again, so a lost one costs time. Four days span a long weekend. */
const RETENTION = Duration.days(4);
/** As long as SQS keeps anything. The age of a message goes on counting when it moves. */
const DEAD_RETENTION = Duration.days(14);

const VISIBILITY = Duration.seconds(120);
const LONG_POLL = Duration.seconds(20);

/**
 * The queues of one pool: one for each class of priority, so that a long line of one holds up none of the others, and its
 * dead letters. Their names are physical, since the engine derives them: `<installation>-<pool>-<priority>` and the same
 * with `-dead`.
 */
export class PoolQueues extends Construct {
  readonly pool: string;
  readonly #queues: readonly QueuePair[];

  constructor(
    scope: Construct,
    id: string,
    { installation, pool, priorities = PRIORITIES, visibility = VISIBILITY }: PoolQueuesProps,
  ) {
    super(scope, id);
    this.pool = pool;
    this.#queues = priorities.map((priority) =>
      this.#addPair(priority, { name: `${installation}-${pool}-${priority}`, visibility }),
    );
  }

  /** Of the queues, without their dead letters. */
  get arns(): readonly string[] {
    return this.#queues.map(({ queue }) => queue.queueArn);
  }

  /** To send runs to the pool, and to look how many wait there. */
  grantSend(grantee: IGrantable): void {
    allow(grantee, { actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"], resources: this.arns });
  }

  grantReceive(grantee: IGrantable): void {
    allow(grantee, { actions: RECEIVE, resources: this.arns });
  }

  /** To count dead letters. */
  grantDeadLetterCount(grantee: IGrantable): void {
    allow(grantee, { actions: ["sqs:GetQueueAttributes"], resources: this.#dead });
  }

  /** To look at dead letters and take them out; with `grantSend` they can go back into their queue. */
  grantRedrive(grantee: IGrantable): void {
    allow(grantee, { actions: RECEIVE, resources: this.#dead });
  }

  /** Messages that wait in the queue of each class, and in its dead letters. */
  metrics(): readonly { priority: string; waiting: IMetric; dead: IMetric; oldestAge: IMetric }[] {
    const period = Duration.minutes(5);
    return this.#queues.map(({ priority, queue, dead }) => ({
      priority,
      waiting: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      dead: dead.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" }),
      oldestAge: queue.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" }),
    }));
  }

  get #dead(): readonly string[] {
    return this.#queues.map(({ dead }) => dead.queueArn);
  }

  #addPair(priority: string, { name, visibility }: { name: string; visibility: Duration }): QueuePair {
    const dead = new Queue(this, `${priority}-dead`, {
      queueName: `${name}-dead`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_RETENTION,
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        // By name: the queue itself refers to its dead letters already.
        sourceQueues: [Queue.fromQueueArn(this, `${priority}-source`, queueArn(this, name))],
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const queue = new Queue(this, priority, {
      queueName: name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: visibility,
      receiveMessageWaitTime: LONG_POLL,
      deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return { priority, queue, dead };
  }
}

const RECEIVE = ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

interface QueuePair {
  readonly priority: string;
  readonly queue: Queue;
  readonly dead: Queue;
}

function queueArn(scope: Construct, resource: string): string {
  return Stack.of(scope).formatArn({ service: "sqs", resource });
}
