import { SFNClient } from "@aws-sdk/client-sfn";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { SfnExecutions, type SfnOptions } from "../../../adapters/aws/sfn-executions.ts";
import { machineName } from "../../../adapters/aws/sfn-names.ts";
import type { WorkflowPlan } from "../../../core/workflow/plan.ts";
import { FakeStepFunctions } from "../../support/aws/fake-step-functions.ts";
import { OFFLINE, requestHandler } from "../../support/aws/fake-service.ts";
import { aPlan } from "../../support/workflows.ts";

export const ARN_PREFIX = "arn:aws:states:eu-central-1:123456789012:stateMachine:";
export const ROLE_ARN = "arn:aws:iam::123456789012:role/carillon-state-machines";
export const QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/carillon-engine-normal";
export const WORKFLOW = { namespace: "default", job: "etl" };
export const MACHINE = machineName("carillon-", WORKFLOW);
export const RUN = { ...WORKFLOW, stamp: "20260308T073000.000Z", version: 1 };

export interface SentTask {
  readonly queueUrl: string;
  readonly roleArn: string;
  readonly message: { readonly run: string; readonly step: string; readonly token: string };
}

/** A service in memory with clients of it, each of which remembers for itself. */
export function aService() {
  const sent: SentTask[] = [];
  const service = new FakeStepFunctions({
    arnPrefix: ARN_PREFIX,
    send: ({ queueUrl, roleArn, body }) =>
      void sent.push({ queueUrl, roleArn, message: JSON.parse(body) as SentTask["message"] }),
  });
  const open = (options: Partial<SfnOptions> = {}): SfnExecutions => {
    const config = { ...OFFLINE, ...clientConfig({ requestHandler: requestHandler(service.handle), maxAttempts: 1 }) };
    return new SfnExecutions(new SFNClient(config), {
      arnPrefix: ARN_PREFIX,
      roleArn: ROLE_ARN,
      installation: "carillon",
      queueUrl: QUEUE_URL,
      ...options,
    });
  };
  return { service, sent, open, executions: open() };
}

/** A plan that differs from others by the name of its step. */
export function planOf(step: string): WorkflowPlan {
  return aPlan({ [step]: {} });
}
