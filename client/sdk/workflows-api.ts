import type { Job } from "../../api/contract/job.ts";
import type { Run } from "../../api/contract/run.ts";
import type {
  MarkRequest,
  NoteRequest,
  RedriveRequest,
  WorkflowGraph,
  WorkflowSteps,
} from "../../api/contract/workflow.ts";
import type { JobKey, ListJobsOptions } from "./jobs-api.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

/**
 * Jobs that are workflows, their runs, and the steps of these, which are runs too: `stepRunId` names them. A workflow is
 * triggered as any job, and stopped as any run is cancelled.
 */
export class WorkflowsApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(namespace: string, { state, label, ...options }: ListJobsOptions = {}): AsyncGenerator<Job> {
    return listAll(this.#transport, route`/v1/namespaces/${namespace}/workflows`, options, { state, label });
  }

  /** The steps of a workflow and what they wait for, with drawings as text and for Mermaid. */
  async graph({ namespace, job }: JobKey, options: { readonly version?: number } = {}): Promise<WorkflowGraph> {
    const path = route`/v1/namespaces/${namespace}/workflows/${job}/graph`;
    return this.#transport.json("GET", path, { query: { ...options } });
  }

  /**
   * How the steps of a workflow's run stand. Of their runs it has no results, parameters and attempts above 1 KB or less:
   * `omitted` names them, and `runs.get` has them.
   */
  async steps(runId: string): Promise<WorkflowSteps> {
    return this.#transport.json("GET", route`/v1/runs/${runId}/steps`);
  }

  /** The runs of a step's items, in the order of its list; items that have not begun have none. */
  items(stepRunId: string, options: PageOptions = {}): AsyncGenerator<Run> {
    return listAll(this.#transport, route`/v1/runs/${stepRunId}/items`, options);
  }

  /** Lets no further step of a run begin. */
  async pause(runId: string, body: NoteRequest = {}): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${runId}/pause`, { body, isSafe: true });
  }

  async resume(runId: string): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${runId}/resume`, { body: {}, isSafe: true });
  }

  /** Approves what a step waits for. The first decision counts, so it is not sent twice by itself. */
  async approve(stepRunId: string, body: NoteRequest = {}): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${stepRunId}/approve`, { body });
  }

  /** Rejects what a step waits for, which fails the step. */
  async reject(stepRunId: string, body: NoteRequest = {}): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${stepRunId}/reject`, { body });
  }

  /** Ends a step that is not being executed as if it had succeeded, or leaves it out. */
  async mark(stepRunId: string, body: MarkRequest): Promise<Run> {
    return this.#transport.json("POST", route`/v1/runs/${stepRunId}/mark`, { body });
  }

  /** Continues an ended run as a new one in which what has succeeded stands. */
  async redrive(runId: string, body: RedriveRequest = {}): Promise<Run> {
    const headers = { "idempotency-key": crypto.randomUUID() };
    return this.#transport.json("POST", route`/v1/runs/${runId}/redrive`, { body, headers, isSafe: true });
  }
}

/** The id of a step's run, begun or not; with `item`, of that of one of its items, counted from 0. */
export function stepRunId(runId: string, step: string, item?: number): string {
  return item === undefined ? `${runId}.${step}` : `${runId}.${step}.${item}`;
}
