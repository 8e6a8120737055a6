import { hashOf, newSecret } from "../../api/access/secret.ts";
import type { AccessSettings } from "../../api/access/settings.ts";
import { formatToken } from "../../api/access/token-text.ts";
import { type ApiDeps, type ApiEvent, createApi } from "../../api/app.ts";
import type { Job } from "../../api/contract/job.ts";
import type { Problem } from "../../api/contract/problem.ts";
import type { Role } from "../../api/contract/role.ts";
import { EMBEDDED_KNOBS } from "../../core/knobs.ts";
import { type Core, createCore } from "../../core/services/core.ts";
import { TokenStore } from "../../core/store/token-store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryQueue } from "../support/memory-queue.ts";
import { MemoryRunLogs } from "../support/memory-run-logs.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { PortFaults } from "../support/port-faults.ts";
import { CountingIds, SeededRandom } from "../support/seeded-random.ts";

/** An answer, read whole. */
export interface Answer<T = Problem> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON that it holds. */
  readonly body: T;
}

export interface SendOptions {
  /** Sent as JSON, unless it is a text already. */
  readonly body?: unknown;
  /** Default: that of an admin of all namespaces; `null`: none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export const START_MS = Date.UTC(2026, 0, 5, 10, 0, 0);

/** A definition that is accepted. */
export const REPORT = {
  name: "report",
  schedule: { cron: "0 2 * * *" },
  executor: { type: "command", argv: ["true"] },
} as const;

/** The API over stores in memory and a clock that stands still. */
export class ApiRig {
  readonly clock = new ManualClock(START_MS);
  readonly table = new MemoryTable();
  readonly queue = new MemoryQueue(this.clock);
  readonly logs = new MemoryRunLogs();
  readonly faults = new PortFaults();
  readonly events: ApiEvent[] = [];
  readonly core: Core;
  readonly app: ReturnType<typeof createApi>;
  readonly admin: string;
  readonly #ids = new CountingIds();

  private constructor(admin: string, access: AccessSettings, deps: Partial<ApiDeps>) {
    const metrics = { count: () => undefined, observe: () => undefined, gauge: () => undefined };
    const { clock, logs, faults } = this;
    const ports = { table: faults.table(this.table), queue: faults.queue(this.queue), clock, metrics };
    this.admin = admin;
    this.core = createCore({ ...ports, random: new SeededRandom(1), ids: this.#ids }, EMBEDDED_KNOBS);
    this.app = createApi({
      core: this.core,
      logs,
      access,
      limits: { minIntervalMs: 1_000 },
      health: () => Promise.resolve({ ready: true, scheduler: { shards: [0, 1], lastRoundAgeMs: 12 } }),
      renderMetrics: () => "runs_total 1\n",
      logger: (event) => this.events.push(event),
      clientAddress: (context) => context.req.header("x-test-address"),
      ...deps,
    });
  }

  static async open(access: AccessSettings = {}, deps: Partial<ApiDeps> = {}): Promise<ApiRig> {
    const secret = newSecret();
    const rig = new ApiRig(formatToken({ id: "root", secret }), access, deps);
    const token = { id: "root", name: "root", role: "admin", hash: hashOf(secret), createdAtMs: START_MS } as const;
    await new TokenStore(rig.table).add(token);
    return rig;
  }

  /** A new token. */
  async token(role: Role, namespaces?: readonly string[], expiresAtMs?: number): Promise<string> {
    const secret = newSecret();
    const id = this.#ids.short();
    await new TokenStore(this.table).add({
      id,
      name: `${role}-${id}`,
      role,
      hash: hashOf(secret),
      createdAtMs: START_MS,
      ...(namespaces === undefined ? {} : { namespaces }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    return formatToken({ id, secret });
  }

  async request(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    const { body, token = this.admin, headers = {} } = options;
    return this.app.request(path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** @typeParam T - what the body is expected to hold */
  async send<T = Problem>(method: string, path: string, options: SendOptions = {}): Promise<Answer<T>> {
    const response = await this.request(method, path, options);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    const body = (isJson ? JSON.parse(text) : {}) as T;
    return { status: response.status, headers: response.headers, text, body };
  }

  /** Defines a job that must be accepted. */
  async define(definition: Readonly<Record<string, unknown>> = {}, namespace = "default"): Promise<Answer<Job>> {
    const whole = { ...REPORT, ...definition };
    const answer = await this.send<Job>("PUT", `/v1/namespaces/${namespace}/jobs/${whole.name}`, { body: whole });
    if (answer.status !== 201) throw new Error(`Cannot define job: ${answer.text}`);
    return answer;
  }

  /** Everything that is stored. */
  dump(): string {
    return JSON.stringify(this.table.dump(""));
  }
}

/** Slug of a problem. */
export function slugOf({ body }: Answer): string {
  return body.type.replace("urn:carillon:problem:", "");
}

/** Pointer and code of each fault, as `pointer code`. */
export function faultsOf({ body }: Answer): string[] {
  return (body.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
}
