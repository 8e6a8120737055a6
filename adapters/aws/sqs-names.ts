import { PortError } from "../../core/ports/errors.ts";
import type { QueueName } from "../../core/ports/queue.ts";

/** Where a queue and its dead letters are. */
export interface SqsUrls {
  readonly url: string;
  readonly deadUrl: string;
}

/** A priority has no `-`, so that no two queues share a name on SQS, which allows no `.` in it. */
const QUEUE_NAME = /^([a-z0-9-]{1,40})\.([a-z]{1,16})$/;

/**
 * Derives the URLs of queue `<pool>.<priority>`: `<urlPrefix><pool>-<priority>`, and the same with `-dead`. Nothing is
 * looked up.
 *
 * @param urlPrefix - such as `https://sqs.eu-west-1.amazonaws.com/123456789012/carillon-`
 * @throws {PortError} `INVALID` for a name that no queue on SQS has
 */
export function sqsUrls(urlPrefix: string, queue: QueueName): SqsUrls {
  const match = QUEUE_NAME.exec(queue);
  if (match === null) {
    throw new PortError(
      "INVALID",
      `Cannot use queue ${JSON.stringify(queue)}: on SQS names are <pool>.<priority>, a pool being 1 to 40 of a-z, 0-9 and '-'`,
    );
  }
  const url = `${urlPrefix}${match[1]}-${match[2]}`;
  return { url, deadUrl: `${url}-dead` };
}
