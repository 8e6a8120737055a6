import type { JobDefinition } from "../../api/contract/job-definition.ts";
import type { LedgerSummary } from "../../api/contract/ledger.ts";
import type { Run } from "../../api/contract/run.ts";
import type { RunRequest } from "../../client/sdk/jobs-api.ts";
import type { Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";

export const NAMESPACE = "default";

/** An executor that runs a program. */
export function command(...argv: string[]): JobDefinition["executor"] {
  return { type: "command", argv };
}

/** What the suites do with a body again and again. */
export class BodyTools {
  readonly #body: () => Body;

  /** @param body - asked at each call: it is started after the tests are collected */
  constructor(body: () => Body) {
    this.#body = body;
  }

  async define(name: string, rest: Partial<JobDefinition> = {}): Promise<void> {
    const definition = { name, executor: command("true"), ...rest };
    await this.#body().client.jobs.put(NAMESPACE, definition, { ifAbsent: true });
  }

  /** Defines a job and runs it once. */
  async runOnce(name: string, rest: Partial<JobDefinition>, request: RunRequest = {}): Promise<Run> {
    await this.define(name, rest);
    return this.#body().client.jobs.trigger({ namespace: NAMESPACE, job: name }, request);
  }

  /** The run once it has ended. */
  async ended(runId: string): Promise<Run> {
    return eventually(async () => {
      const run = await this.#body().client.runs.get(runId);
      return run.endedAt === undefined ? undefined : run;
    });
  }

  async runs(job: string): Promise<readonly Run[]> {
    const found: Run[] = [];
    for await (const run of this.#body().client.jobs.runs({ namespace: NAMESPACE, job })) found.push(run);
    return found;
  }

  /** The ledger of a stretch that has passed, once nothing of it is pending. */
  async ledger(job: string, range: { readonly from: string; readonly to: string }): Promise<LedgerSummary> {
    return eventually(async () => {
      const summary = await this.#body().client.jobs.ledger({ namespace: NAMESPACE, job }, range);
      return summary.pending === 0 ? summary : undefined;
    });
  }

  /** When the job came into its present state. */
  async since(job: string): Promise<string> {
    return (await this.#body().client.jobs.get({ namespace: NAMESPACE, job })).since;
  }

  /** Lets so many slots of a job fire. */
  async fired(job: string, from: string, least: number): Promise<void> {
    await eventually(async () => {
      // One that is not empty, even when the job came to be within this millisecond.
      const range = { from, to: new Date(Date.now() + 1).toISOString() };
      const { fired } = await this.#body().client.jobs.ledger({ namespace: NAMESPACE, job }, range);
      return fired >= least ? true : undefined;
    });
  }

  /** The worker that executes a run. */
  async workerOf(runId: string) {
    return eventually(async () => {
      const workers = await this.#body().client.pools.workers("default");
      return workers.find(({ running, state }) => state !== "gone" && running.includes(runId));
    });
  }

  /** Ledgers of all jobs up to now; those with something unexplained. */
  async unexplained(): Promise<readonly string[]> {
    const { client } = this.#body();
    const found: string[] = [];
    const to = new Date().toISOString();
    for await (const { name, definition } of client.jobs.list(NAMESPACE)) {
      if (definition.schedule === undefined) continue;
      const { unexplained } = await client.jobs.ledger({ namespace: NAMESPACE, job: name }, { to });
      if (unexplained > 0) found.push(name);
    }
    return found;
  }
}
