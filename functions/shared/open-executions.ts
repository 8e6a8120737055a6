import { SFNClient } from "@aws-sdk/client-sfn";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { RestingExecutions } from "../../adapters/shared/resting-executions.ts";
import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { SfnExecutions } from "../../adapters/aws/sfn-executions.ts";
import { sqsUrls } from "../../adapters/aws/sqs-names.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import type { StateMachines } from "./variables.ts";

/**
 * A call that takes longer is given up, and none is tried again at once: its message comes back, and other messages of the
 * engine wait for the one that is being handled.
 */
const REQUEST_TIMEOUT_MS = 2_000;

/** Executions of state machines that speak to the engine's queue. */
export function openExecutions(
  stateMachines: StateMachines,
  { installation, queueUrlPrefix }: { readonly installation: string; readonly queueUrlPrefix: string },
) {
  const { url: queueUrl } = sqsUrls(queueUrlPrefix, ENGINE_QUEUE);
  const client = new SFNClient(clientConfig({ requestTimeoutMs: REQUEST_TIMEOUT_MS, maxAttempts: 1 }));
  return new RestingExecutions(
    new SfnExecutions(client, { ...stateMachines, installation, queueUrl }),
    new SystemClock(),
  );
}
