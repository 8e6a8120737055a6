import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll } from "vitest";
import { sqsClientConfig } from "../../../adapters/aws/sqs-client-config.ts";
import { SqsQueue } from "../../../adapters/aws/sqs-queue.ts";
import { SystemClock } from "../../../adapters/shared/system-clock.ts";
import { SystemRandom } from "../../../adapters/shared/system-random.ts";
import { queueConformance } from "../../conformance/queue-conformance.ts";
import { installation } from "../installation.ts";
import { TestQueues } from "../test-queues.ts";

const MAX_RECEIVES = 3;

const client = new SQSClient(sqsClientConfig());
const queues = new TestQueues(client, installation);
let pools = 0;

afterAll(async () => {
  await queues.delete();
  client.destroy();
});

queueConformance("SqsQueue", async () => {
  pools += 1;
  const pool = `p${pools}`;
  await queues.create(`${pool}-high`, { maxReceives: MAX_RECEIVES });
  const urlPrefix = await queues.create(`${pool}-normal`, { maxReceives: MAX_RECEIVES });
  const queue = new SqsQueue({ client, urlPrefix, clock: new SystemClock(), random: new SystemRandom() });
  return { queue, name: `${pool}.normal`, otherName: `${pool}.high`, maxReceives: MAX_RECEIVES };
});
