import { SFNClient } from "@aws-sdk/client-sfn";
import { clientConfig } from "../../adapters/aws/clients.ts";
import { SfnExecutions } from "../../adapters/aws/sfn-executions.ts";
import { sqsUrls } from "../../adapters/aws/sqs-names.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import type { StateMachines } from "./variables.ts";

/** Executions of state machines that speak to the engine's queue. */
export function openExecutions(
  stateMachines: StateMachines,
  { installation, queueUrlPrefix }: { readonly installation: string; readonly queueUrlPrefix: string },
) {
  const { url: queueUrl } = sqsUrls(queueUrlPrefix, ENGINE_QUEUE);
  return new SfnExecutions(new SFNClient(clientConfig()), { ...stateMachines, installation, queueUrl });
}
