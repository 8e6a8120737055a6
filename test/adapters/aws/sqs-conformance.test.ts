import { afterAll, describe } from "vitest";
import { SqsQueue } from "../../../adapters/aws/sqs-queue.ts";
import { SystemClock } from "../../../adapters/shared/system-clock.ts";
import { queueConformance } from "../../conformance/queue-conformance.ts";
import { Fauxqs } from "../../support/aws/fauxqs.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const MAX_RECEIVES = 3;

const sqs = new Fauxqs();
afterAll(() => sqs.close());
let pools = 0;

// Each case has queues of its own, and most of their time goes by waiting for whole seconds.
describe.concurrent("on an emulator", () => {
  queueConformance(
    "SqsQueue",
    async () => {
      pools += 1;
      const pool = `pool-${pools}`;
      await sqs.createQueues([`${pool}-normal`, `${pool}-high`], { maxReceives: MAX_RECEIVES });
      const queue = new SqsQueue({
        client: sqs.client(),
        urlPrefix: sqs.urlPrefix,
        clock: new SystemClock(),
        random: new SeededRandom(1),
      });
      return { queue, name: `${pool}.normal`, otherName: `${pool}.high`, maxReceives: MAX_RECEIVES };
    },
    {
      // fauxqs 2.4.1 drops the MessageGroupId of standard queues and delivers in order of sending.
      sharesFairly: false,
      // fauxqs 2.4.1 refuses characters from U+10000 on, which SQS takes: it looks at halves of surrogate pairs.
      takesAllCharacters: false,
    },
  );
});
