import type { ApiEvent } from "../../../api/api-deps.ts";
import { formatToken } from "../../../api/access/token-text.ts";
import { hashOf } from "../../../api/access/secret.ts";
import type { Knobs } from "../../../core/knobs.ts";
import type { Executions } from "../../../core/ports/executions.ts";
import { ENGINE_QUEUE } from "../../../core/run/message.ts";
import type { Ports } from "../../../core/services/core.ts";
import { keys } from "../../../core/store/keys.ts";
import type { ProcessRef } from "../../../core/worker/worker-record.ts";
import { MemoryItems } from "../../support/memory-items.ts";
import { ServiceExecutions, StateMachineService } from "../../support/state-machines.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Life } from "../kernel/life.ts";
import type { Trace } from "../kernel/trace.ts";
import { nextVersion } from "../ports/next-version.ts";
import { QueueService } from "../ports/queue-service.ts";
import { simExecutions } from "../ports/sim-executions.ts";
import { SimQueue } from "../ports/sim-queue.ts";
import { type Items, SimTable, type TableEffect } from "../ports/sim-table.ts";

export interface SimulationOptions {
  readonly kernel: Kernel;
  readonly draws: KeyedDraws;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  readonly knobs: Knobs;
  /** Whether a host can tell of a process that it is gone. */
  readonly knowsFates: boolean;
  readonly hasWholeSeconds: boolean;
  /** Some processes are of the next version. */
  readonly isMixed: boolean;
  /** `false`: every scheduler believes that it owns everything. */
  readonly hasLeases: boolean;
}

const ADMIN = { id: "root", secret: "s".repeat(43) };

/** Items by which schedulers divide the work; without leases each sees its own alone. */
const LEASE_PARTITIONS = [keys.lease(0), keys.tickLease(0), keys.scheduler("")].map(({ pk }) => pk);

/** What all processes of a history share: time, table, queues, and what befalls them. */
export class Simulation {
  readonly kernel: Kernel;
  readonly draws: KeyedDraws;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  readonly knobs: Knobs;
  readonly options: SimulationOptions;
  readonly items = new MemoryItems();
  readonly service: QueueService;
  /** Where the runs of workflows are shown, in the body that has it. */
  readonly machines: StateMachineService;
  /** The step of a process that is happening, for those who watch commits. */
  effect: TableEffect | undefined;
  /** Told of every step at the table. */
  onEffect: (effect: TableEffect) => void = () => undefined;
  /** How far the clock of all hosts is off. */
  hostOffsetMs = 0;
  /** Errors that processes told of; the last ones. */
  readonly errors: string[] = [];
  /** Requests of which a server told that their place in the audit trail could not be written. */
  readonly auditsLost = new Set<string>();
  readonly #outages = new Map<string, number>();
  readonly #queues = new Map<Life, SimQueue>();
  readonly #pids = new Map<number, Life>();
  readonly #counters = new Map<string, number>();
  readonly #ownLeases = new Map<string, MemoryItems>();

  constructor(options: SimulationOptions) {
    this.options = options;
    const { kernel, draws, faults, trace, knobs } = options;
    this.kernel = kernel;
    this.draws = draws;
    this.faults = faults;
    this.trace = trace;
    this.knobs = knobs;
    this.service = new QueueService(kernel);
    this.machines = new StateMachineService({
      nowMs: () => kernel.nowMs,
      send: (queue, body) => this.#deliver(queue, body),
    });
    const { pk, sk } = keys.token(ADMIN.id);
    const token = { id: ADMIN.id, name: "root", role: "admin", hash: hashOf(ADMIN.secret), createdAtMs: kernel.trueMs };
    this.items.put({ pk, sk }, JSON.stringify(token));
  }

  get adminToken(): string {
    return formatToken(ADMIN);
  }

  /** The ports of one life of a process. */
  ports(life: Life): Ports {
    const { kernel, faults, draws, service, options } = this;
    const items = options.hasLeases ? this.items : this.#withOwnLeases(life);
    const onEffect = (effect: TableEffect): void => {
      this.effect = effect;
      this.onEffect(effect);
    };
    const table = new SimTable({ items, life, draws, onEffect });
    const queue = new SimQueue({ service, kernel, faults, life, hasWholeSeconds: options.hasWholeSeconds });
    this.#queues.set(life, queue);
    const isNext = options.isMixed && draws.isIn(0.5, `next version ${life.name}`);
    return {
      table: isNext ? nextVersion(table) : table,
      queue,
      clock: life.clock,
      random: { next: () => draws.draw(this.#nth(`random of ${life.name}`)) },
      ids: { short: () => this.#id(life) },
      metrics: {
        count: (name, _, value = 1) => faults.count(`metric ${name}`, value),
        observe: (name) => faults.count(`metric ${name}`),
        gauge: () => undefined,
      },
      fateOf: (process) => this.fateOf(process),
    };
  }

  /** The port of a process to what shows the runs of workflows. */
  executions(life: Life): Executions {
    return simExecutions(life, new ServiceExecutions(this.machines, ENGINE_QUEUE));
  }

  processRef(life: Life): ProcessRef {
    const pid = this.#pids.size + 1;
    this.#pids.set(pid, life);
    return { host: "simulated", pid };
  }

  fateOf({ pid }: ProcessRef): "alive" | "gone" | "unknown" {
    if (!this.options.knowsFates) return "unknown";
    const life = this.#pids.get(pid);
    return life === undefined || life.isDead ? "gone" : "alive";
  }

  /** Takes a port, or all of them, from every process for a while. */
  outage(port: string, ms: number): void {
    this.#outages.set(port, Math.max(this.#outages.get(port) ?? 0, this.kernel.nowMs + ms));
    if (isOfQueue(port)) for (const queue of this.#queues.values()) queue.breakPolls(true);
  }

  /** To be told when a process can't reach a port any more, or all of them. */
  cutOff(life: Life, port: string): void {
    if (isOfQueue(port)) this.#queues.get(life)?.breakPolls(false);
  }

  outageEndsMs(port: string): number {
    return Math.max(this.#outages.get(port) ?? 0, this.#outages.get("any") ?? 0);
  }

  endOutages(): void {
    this.#outages.clear();
  }

  /** Where the API in a process tells what happened. */
  apiLogger(life: Life): (event: ApiEvent) => void {
    return (event) => {
      if (event.event === "failure") this.failed(life, new Error(event.error));
      if (event.event === "auditLost") this.auditsLost.add(event.requestId);
    };
  }

  /** Something went wrong in a process, which told of it. */
  failed(life: Life, error: unknown): void {
    // Not the stack: it names whoever plays the history.
    const [text = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    this.trace.note(this.kernel.nowMs, life.name, `tells: ${text}`);
    this.faults.count("error told");
    this.errors.push(`${life.name}: ${error instanceof Error ? (error.stack ?? text) : text}`);
    if (this.errors.length > MAX_ERRORS) this.errors.shift();
  }

  forget(life: Life): void {
    this.#ownLeases.delete(life.name);
    this.#queues.delete(life);
  }

  /** A message of another service: it takes a while, and may come twice. */
  #deliver(queue: string, body: string): void {
    const { kernel, faults, draws, service } = this;
    const name = this.#nth(`delivery to ${queue}`);
    const send = (): void => service.send(queue, { body, group: "", delayMs: 0 });
    kernel.in(draws.magnitude(5, 5_000, name), send);
    if (faults.isHostile && draws.isIn(0.1, `twice ${name}`) && faults.carryOut("delivered twice", `twice|${name}`))
      kernel.in(draws.magnitude(5, 600_000, `again ${name}`), send);
  }

  /** Lets go of what would keep a history in memory that is over. */
  close(): void {
    for (const life of this.#queues.keys()) life.leave();
  }

  #id(life: Life): string {
    const digits = this.draws
      .draw(this.#nth(`id of ${life.name}`))
      .toString(36)
      .slice(2);
    const more = this.draws.draw(`more ${digits}`).toString(36).slice(2);
    return `${digits}${more}000000000000`.slice(0, 12);
  }

  #nth(name: string): string {
    const count = (this.#counters.get(name) ?? 0) + 1;
    this.#counters.set(name, count);
    return `${name} ${count}`;
  }

  /** The common items, but for those by which schedulers divide the work. */
  #withOwnLeases(life: Life): Items {
    let own = this.#ownLeases.get(life.name);
    if (own === undefined) this.#ownLeases.set(life.name, (own = new MemoryItems()));
    const of = (pk: string): MemoryItems => (LEASE_PARTITIONS.includes(pk) ? (own ?? this.items) : this.items);
    return {
      find: (key) => of(key.pk).find(key),
      page: (query) => of(query.pk).page(query),
      putIf: (key, text, expect) => of(key.pk).putIf(key, text, expect),
      deleteIf: (key, expect) => of(key.pk).deleteIf(key, expect),
      put: (key, text) => of(key.pk).put(key, text),
      delete: (key) => of(key.pk).delete(key),
    };
  }
}

const MAX_ERRORS = 50;

function isOfQueue(port: string): boolean {
  return port === "queue" || port === "any";
}
