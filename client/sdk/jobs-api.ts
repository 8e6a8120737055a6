import type { JobDefinition } from "../../api/contract/job-definition.ts";
import type { Job, JobChange, PauseRequest, ResumeRequest } from "../../api/contract/job.ts";
import type { LedgerRow, LedgerSummary } from "../../api/contract/ledger.ts";
import type { Plan, PlannedChange } from "../../api/contract/plan.ts";
import type { JsonObject } from "../../api/contract/strict-json.ts";
import type { Run, TriggerRequest } from "../../api/contract/run.ts";
import type { Constraint, Why } from "../../api/contract/why.ts";
import { ApiError } from "./api-error.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

export interface JobKey {
  readonly namespace: string;
  readonly job: string;
}

/** What the stored job must be for a change to be made: absent, or at a version. */
export type Expectation = { readonly ifAbsent: true } | { readonly ifVersion: number };

export interface ListJobsOptions extends PageOptions {
  readonly state?: Job["state"];
  /** Only jobs with this label, written `key=value`. */
  readonly label?: string;
}

/** One run that is asked for. */
export type RunRequest = Omit<TriggerRequest, "requests" | "parameters"> & { readonly parameters?: JsonObject };

export interface TriggerOptions {
  /** The same key with the same requests gives the same runs. Default: a new one for each call. */
  readonly idempotencyKey?: string;
}

/** The jobs of all namespaces, and what is done with them. Every method may throw `ApiError` or `ConnectionError`. */
export class JobsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get({ namespace, job }: JobKey, options: { readonly version?: number } = {}): Promise<Job> {
    return this.#transport.json("GET", route`/v1/namespaces/${namespace}/jobs/${job}`, { query: { ...options } });
  }

  /** As `get`; `undefined` when there is no such job. */
  async find(key: JobKey): Promise<Job | undefined> {
    try {
      return await this.get(key);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Defines the job that the definition names; the same definition again changes nothing. */
  async put(namespace: string, definition: JobDefinition, expected: Expectation): Promise<Job> {
    return this.#transport.json("PUT", route`/v1/namespaces/${namespace}/jobs/${definition.name}`, {
      body: definition,
      headers: "ifAbsent" in expected ? { "if-none-match": "*" } : { "if-match": `"${expected.ifVersion}"` },
    });
  }

  list(namespace: string, options: ListJobsOptions = {}): AsyncGenerator<Job> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/jobs`, options, {
      state: options.state,
      label: options.label,
    });
  }

  /** All versions, newest first. */
  versions({ namespace, job }: JobKey, options: PageOptions = {}): AsyncGenerator<Job> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/jobs/${job}/versions`, options);
  }

  /** @param options.cancel - cancels runs that have not ended first; without it they are a reason to refuse */
  async delete({ namespace, job }: JobKey, { cancel }: { readonly cancel?: boolean } = {}): Promise<void> {
    const query = { cancel: cancel === true ? true : undefined };
    await this.#transport.json("DELETE", route`/v1/namespaces/${namespace}/jobs/${job}`, { query });
  }

  async pause({ namespace, job }: JobKey, body: PauseRequest = {}): Promise<JobChange> {
    return this.#transport.json("POST", route`/v1/namespaces/${namespace}/jobs/${job}/pause`, { body, isSafe: true });
  }

  /** @param body.missed - what becomes of the slots in the pause: none of them, the last one, or all */
  async resume({ namespace, job }: JobKey, body: ResumeRequest): Promise<JobChange> {
    return this.#transport.json("POST", route`/v1/namespaces/${namespace}/jobs/${job}/resume`, { body, isSafe: true });
  }

  /** Runs the job once. The idempotency key makes it safe to ask again, so a lost answer does not make a second run. */
  async trigger(key: JobKey, request: RunRequest = {}, options: TriggerOptions = {}): Promise<Run> {
    return this.#submit(key, request, options);
  }

  /** Runs the job once for each of 1 to 1,000 requests, in their order. */
  async triggerMany(
    key: JobKey,
    requests: readonly RunRequest[],
    options: TriggerOptions = {},
  ): Promise<readonly Run[]> {
    return (await this.#submit<{ items: readonly Run[] }>(key, { requests }, options)).items;
  }

  /** What defining jobs would change; nothing is changed. */
  async plan(namespace: string, definitions: readonly JobDefinition[]): Promise<readonly PlannedChange[]> {
    const path = route`/v1/namespaces/${namespace}/plan`;
    const plan = await this.#transport.json<Plan>("POST", path, {
      body: { definitions },
      isSafe: true,
    });
    return plan.changes;
  }

  /** What holds the job back now, the most decisive first. */
  async why({ namespace, job }: JobKey): Promise<readonly Constraint[]> {
    const path = route`/v1/namespaces/${namespace}/jobs/${job}/why`;
    return (await this.#transport.json<Why>("GET", path)).constraints;
  }

  /** What became of every slot in [from, to); by default of the last day. */
  async ledger(
    { namespace, job }: JobKey,
    range: { readonly from?: string; readonly to?: string } = {},
  ): Promise<LedgerSummary> {
    return this.#transport.json("GET", route`/v1/namespaces/${namespace}/jobs/${job}/ledger`, { query: { ...range } });
  }

  /** The rows of the ledger: runs, and gaps that cover many slots. */
  ledgerRows(
    { namespace, job }: JobKey,
    options: PageOptions & { readonly from?: string; readonly to?: string } = {},
  ): AsyncGenerator<LedgerRow> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/jobs/${job}/ledger`, options, {
      rows: true,
      from: options.from,
      to: options.to,
    });
  }

  /** Runs, newest first. */
  runs({ namespace, job }: JobKey, options: PageOptions & { readonly status?: string } = {}): AsyncGenerator<Run> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/jobs/${job}/runs`, options, {
      status: options.status,
    });
  }

  async #submit<T>({ namespace, job }: JobKey, body: unknown, { idempotencyKey }: TriggerOptions): Promise<T> {
    return this.#transport.json("POST", route`/v1/namespaces/${namespace}/jobs/${job}/runs`, {
      body,
      headers: { "idempotency-key": idempotencyKey ?? crypto.randomUUID() },
      isSafe: true,
    });
  }
}
