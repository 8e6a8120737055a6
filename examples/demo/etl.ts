import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type JobDefinition, parseJobDefinition } from "../../api/contract/job-definition.ts";
import { parseYamlStrict } from "../../api/contract/strict-yaml.ts";
import type { WorkflowSteps } from "../../api/contract/workflow.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";
import { stepRunId } from "../../client/sdk/workflows-api.ts";

const FILE = fileURLToPath(new URL("../workflows/daily-etl.yaml", import.meta.url));
const APPROVAL = "approve";
const ASKED_WITHIN_MS = 10_000;

/** What has become of the workflow. */
export interface EtlSummary {
  readonly run: string;
  readonly status: string;
  /** How each step stands, by name. */
  readonly steps: Readonly<Record<string, string>>;
  /** Regions extracted side by side. */
  readonly regions: number;
  readonly approvedBy: string | undefined;
  readonly published: { readonly file: string; readonly rows: number; readonly linesInFile: number } | undefined;
}

/** The workflow of examples/workflows, as it stands there. */
export function readEtl(): JobDefinition {
  const [document] = parseYamlStrict(readFileSync(FILE), { file: FILE });
  return parseJobDefinition(document?.value);
}

/** Defines the workflow and runs it once, with its files in `folder`. */
export async function startEtl(
  client: CarillonClient,
  { namespace, folder }: { readonly namespace: string; readonly folder: string },
): Promise<string> {
  const definition = readEtl();
  await client.jobs.put(namespace, definition, { ifAbsent: true });
  const run = await client.jobs.trigger({ namespace, job: definition.name }, { parameters: { folder } });
  return run.id;
}

/** Approves what the workflow asks for, as people would. */
export async function approveEtl(client: CarillonClient, run: string): Promise<void> {
  const endMs = Date.now() + ASKED_WITHIN_MS;
  while (Date.now() < endMs && !isAsking(await client.workflows.steps(run))) await sleep(100);
  await client.workflows.approve(stepRunId(run, APPROVAL), { note: "the demo likes it" });
}

export async function summariseEtl(client: CarillonClient, run: string): Promise<EtlSummary> {
  const { run: workflow, steps } = await client.workflows.steps(run);
  const find = (name: string) => steps.find((step) => step.name === name)?.run;
  const approval = find(APPROVAL)?.result as { readonly by?: string } | undefined;
  const result = workflow.result as { readonly file: string; readonly rows: number } | undefined;
  return {
    run,
    status: workflow.status,
    steps: Object.fromEntries(steps.map(({ name, status }) => [name, status])),
    regions: find("extract")?.items?.succeeded ?? 0,
    approvedBy: approval?.by,
    published: result && { file: result.file, rows: result.rows, linesInFile: countLines(result.file) },
  };
}

function isAsking({ steps }: WorkflowSteps): boolean {
  return steps.some(({ name, status }) => name === APPROVAL && status === "running");
}

function countLines(file: string): number {
  return readFileSync(file, "utf8").split("\n").length - 1;
}
