import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { createApi } from "../../../api/app.ts";
import { ENGINE_QUEUE } from "../../../core/run/message.ts";
import { engineHandler } from "../../../functions/engine/engine.ts";
import { settleHandler } from "../../../functions/settle/settle.ts";
import { tickHandler } from "../../../functions/tick/tick.ts";
import type { Fleet } from "../../../core/ports/fleet.ts";
import type { Pace, Timer } from "../../../core/ports/timer.ts";
import { SAFETY_PERIOD_MS, STEADY_PERIOD_MS } from "../../../core/ports/timer.ts";
import type { RunLogs } from "../../../core/ports/run-logs.ts";
import { type Core, createCore } from "../../../core/services/core.ts";
import { Pacer } from "../../../core/services/pace.ts";
import { type Pools, PoolSizer } from "../../../core/services/pool-sizer.ts";
import { wakeHooks } from "../../../core/services/wake.ts";
import { Worker } from "../../../worker/worker.ts";
import type { Life } from "../kernel/life.ts";
import { simRunLogs } from "../ports/sim-run-logs.ts";
import type { ApiHost, Body } from "./body.ts";
import { SimProcess } from "./sim-process.ts";
import type { Simulation } from "./simulation.ts";
import { userCode, type UserCodeOptions } from "./user-code.ts";

export interface CloudOptions {
  readonly slots: number;
  readonly drainMs: number;
  readonly logs: RunLogs;
  readonly code: UserCodeOptions;
}

/** Containers in which a function runs, each one call at a time. */
const CONTAINERS = 2;
const TIMEOUT_MS = 60_000;
const MAX_TASKS = 3;
/** Of the queue that a function is fed from. */
const POLL_MS = 2_000;
const BATCH_SIZE = 10;
const DRAIN_LIMIT_MS = 110_000;

/** The product on AWS: functions that are woken, frozen between their calls, and workers that a service starts and stops. */
export function cloudBody(simulation: Simulation, options: CloudOptions): Body {
  const fleet = new SimFleet(simulation, options);
  const timer = new SimTimer();
  const deps = {
    simulation,
    fleet,
    timer,
    pools: { default: { slots: options.slots, minTasks: 0, maxTasks: MAX_TASKS } },
  };
  const ticks = new SimFunction(deps, "tick", ({ core, sizer, pacer, life }) => {
    const handle = tickHandler({ core, sizer, pacer, groups: 1, log: logOf(simulation, life) });
    return (event) => handle(event, { getRemainingTimeInMillis: () => TIMEOUT_MS });
  });
  const settles = new SimFunction(deps, "settle", ({ core, sizer, life }) => {
    const fatesOf = () => Promise.resolve((process: Parameters<Simulation["fateOf"]>[0]) => simulation.fateOf(process));
    return settleHandler({ core, sizer, fatesOf, log: logOf(simulation, life) });
  });
  const engines = new SimFunction(deps, "engine", ({ core, sizer, life }) => {
    const noting: Core = {
      ...core,
      onRung: (rung) => Promise.resolve(sizer.note(rung)),
      executions: simulation.executions(life),
    };
    const handle = engineHandler({ core: noting, sizer, log: logOf(simulation, life) });
    return (event) => handle(event as SQSEvent);
  });
  const apis = Array.from({ length: CONTAINERS }, (_, index) => apiProcess(deps, index, options));
  wake(simulation, ticks, () => timer.periodMs);
  wake(simulation, settles, () => STEADY_PERIOD_MS);
  feed(simulation, engines);
  return {
    schedulers: [
      ...ticks.processes,
      ...settles.processes,
      ...engines.processes,
      ...apis.flatMap(({ process }) => process ?? []),
    ],
    workers: () => fleet.processes,
    apis,
    holdWorkersDown: (ms) => fleet.holdDown(ms),
    drainLimitMs: DRAIN_LIMIT_MS,
    heal() {
      for (const { process } of apis) process?.heal();
      for (const process of [...ticks.processes, ...settles.processes, ...engines.processes]) process.heal();
      fleet.heal();
    },
  };
}

interface Deps {
  readonly simulation: Simulation;
  readonly fleet: SimFleet;
  readonly timer: SimTimer;
  readonly pools: Pools;
}

interface Parts {
  readonly core: Core;
  readonly sizer: PoolSizer;
  readonly pacer: Pacer;
  readonly life: Life;
}

/** Wakes a function each period: late, twice, or not at all. */
function wake(simulation: Simulation, called: SimFunction, periodMs: () => number): void {
  const { kernel, faults } = simulation;
  let dueMs = 0;
  const next = (): void => {
    const scheduledMs = dueMs;
    const name = `${called.name} ${scheduledMs}`;
    const scheduledAt = new Date(kernel.epochMs + scheduledMs).toISOString();
    const isMissed = faults.isHostile && faults.draws.isIn(0.05, `missed ${name}`);
    if (!(isMissed && faults.carryOut("wake-up missed", `missed|${name}`))) called.call({ scheduledAt });
    const isRepeated = faults.isHostile && faults.draws.isIn(0.1, `again ${name}`);
    if (isRepeated && faults.carryOut("wake-up twice", `again|${name}`))
      kernel.in(faults.draws.magnitude(1, 300_000, `again in ${name}`), () => called.call({ scheduledAt }));
    dueMs = scheduledMs + STEADY_PERIOD_MS;
    while (dueMs % periodMs() !== 0) dueMs += STEADY_PERIOD_MS;
    kernel.at(dueMs + faults.draws.within(0, 59_000, `late ${name}`), next);
  };
  kernel.at(faults.draws.within(0, 59_000, `first ${called.name}`), next);
}

/** Calls a function with the messages of its queue, and deletes those that it does not say it has failed for. */
function feed({ kernel, service, faults }: Simulation, called: SimFunction): void {
  const poll = (): void => {
    kernel.in(faults.draws.within(50, POLL_MS, `poll ${Math.floor(kernel.nowMs)}`), poll);
    if (!called.isFree) return;
    const messages = service.take(ENGINE_QUEUE, { max: BATCH_SIZE, visibilityMs: 6 * TIMEOUT_MS });
    if (messages.length === 0) return;
    const records = messages.map(({ body, group, receipt, receives }) => ({
      eventSource: "aws:sqs",
      messageId: receipt,
      receiptHandle: receipt,
      body,
      attributes: { MessageGroupId: group, ApproximateReceiveCount: String(receives) },
    }));
    faults.count("messages fed to a function", records.length);
    called.call({ Records: records }, (result) => {
      const kept = new Set((result as SQSBatchResponse).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const done = messages.filter(({ receipt }) => !kept.has(receipt));
      service.delete(
        ENGINE_QUEUE,
        done.map(({ receipt }) => receipt),
      );
    });
  };
  kernel.in(POLL_MS, poll);
}

/** A function with its containers. One that is not called is frozen, in the middle of whatever it still does. */
class SimFunction {
  readonly name: string;
  readonly processes: readonly SimProcess[];
  readonly #deps: Deps;
  readonly #build: (parts: Parts) => (event: unknown) => Promise<unknown>;
  readonly #handlers = new Map<Life, (event: unknown) => Promise<unknown>>();
  readonly #busy = new Set<Life>();

  constructor(deps: Deps, name: string, build: (parts: Parts) => (event: unknown) => Promise<unknown>) {
    this.name = name;
    this.#deps = deps;
    this.#build = build;
    this.processes = Array.from(
      { length: CONTAINERS },
      (_, index) =>
        new SimProcess(deps.simulation, {
          name: `${name}-${index + 1}`,
          main: (life) => this.#main(life),
          isRestarted: false,
        }),
    );
  }

  get isFree(): boolean {
    return this.processes.some(({ life }) => life === undefined || !this.#busy.has(life));
  }

  /** Calls the function in a container that is free, a new one if need be; does nothing when all are taken. */
  call(event: unknown, onResult: (result: unknown) => void = () => undefined): void {
    const { kernel, faults, trace } = this.#deps.simulation;
    const free = this.processes.find(({ life }) => life !== undefined && !this.#busy.has(life));
    const process = free ?? this.processes.find(({ life }) => life === undefined);
    if (process === undefined) return faults.count("call throttled");
    process.start();
    const { life } = process;
    const handler = life === undefined ? undefined : this.#handlers.get(life);
    if (life === undefined || handler === undefined) return faults.count("call throttled");
    this.#busy.add(life);
    life.thawNow();
    trace.note(kernel.nowMs, life.name, `is called with ${JSON.stringify(event)}`);
    const timeout = kernel.in(TIMEOUT_MS, () => life.kill("its time is over"));
    const end = (): void => {
      timeout.isCancelled = true;
      this.#busy.delete(life);
      life.freeze(Infinity);
    };
    const succeed = (result: unknown): void => {
      end();
      onResult(result);
    };
    handler(event).then(succeed, (error: unknown) => {
      this.#deps.simulation.failed(life, error);
      end();
    });
  }

  #main(life: Life): Promise<void> {
    this.#handlers.set(life, this.#build(partsOf(this.#deps, life)));
    return new Promise(() => undefined);
  }
}

function partsOf({ simulation, fleet, timer, pools }: Deps, life: Life): Parts {
  const ports = simulation.ports(life);
  const core = createCore(ports, simulation.knobs);
  const sizer = new PoolSizer({ table: ports.table, queue: ports.queue, fleet: fleet.of(life) }, pools);
  const pacer = new Pacer({ table: ports.table, timer: timer.of(life), clock: life.clock });
  return { core, sizer, pacer, life };
}

function logOf(simulation: Simulation, life: Life) {
  return {
    info: () => undefined,
    warn: () => undefined,
    error: (_: string, error: unknown) => simulation.failed(life, error),
  };
}

function apiProcess(deps: Deps, index: number, { logs }: CloudOptions): ApiHost {
  const { simulation, pools, fleet, timer } = deps;
  const host: ApiHost = { process: undefined, fetch: undefined };
  const main = (life: Life): Promise<void> => {
    const ports = simulation.ports(life);
    const onError = (error: unknown): void => simulation.failed(life, error);
    const sizer = new PoolSizer({ table: ports.table, queue: ports.queue, fleet: fleet.of(life) }, pools);
    const pacer = new Pacer({ table: ports.table, timer: timer.of(life), clock: life.clock });
    const core = createCore({ ...ports, ...wakeHooks({ sizer, pacer, onError }) }, simulation.knobs);
    const app = createApi({
      core,
      logs: simRunLogs(life, logs),
      access: { rateLimits: false },
      pacer,
      limits: { minIntervalMs: 1_000 },
      health: () => Promise.resolve({ ready: true, scheduler: { shards: [], lastRoundAgeMs: 0 } }),
      logger: simulation.apiLogger(life),
    });
    host.fetch = (request) => app.fetch(request);
    return new Promise(() => undefined);
  };
  host.process = new SimProcess(simulation, { name: `api-${index + 1}`, main, isRestarted: true });
  host.process.start();
  return host;
}

/** The timer: how often ticks are woken. */
class SimTimer {
  periodMs = STEADY_PERIOD_MS;

  of(life: Life): Timer {
    const periods: Readonly<Record<Pace, number>> = {
      steady: STEADY_PERIOD_MS,
      slow: SAFETY_PERIOD_MS,
      stopped: SAFETY_PERIOD_MS,
    };
    return {
      setPace: (pace) => life.call("timer.setPace", "tick", () => void (this.periodMs = periods[pace])),
    };
  }
}

/** Keeps as many workers running as it was told last; to start one takes a while, and may fail. */
class SimFleet {
  readonly #simulation: Simulation;
  readonly #options: CloudOptions;
  readonly #tasks: SimProcess[] = [];
  readonly #draining = new Set<SimProcess>();
  #wanted = 0;
  #started = 0;
  #isStarting = 0;
  /** Nothing is started before this instant. */
  #restMs = 0;

  constructor(simulation: Simulation, options: CloudOptions) {
    this.#simulation = simulation;
    this.#options = options;
  }

  get processes(): readonly SimProcess[] {
    return this.#living();
  }

  of(life: Life): Pick<Fleet, "resize"> {
    return {
      resize: (pool, count) =>
        life.call("fleet.resize", `${pool} ${count}`, () => {
          this.#wanted = count;
          this.#fill();
        }),
    };
  }

  /** Ends all tasks, and has no capacity for others for a while. */
  holdDown(ms: number): void {
    this.#restMs = Math.max(this.#restMs, this.#simulation.kernel.nowMs + ms);
    for (const task of this.#living()) task.kill("is held down");
  }

  heal(): void {
    this.#restMs = 0;
    for (const task of this.#tasks) if (task.life !== undefined) task.heal();
  }

  #living(): readonly SimProcess[] {
    return this.#tasks.filter(({ life }) => life !== undefined);
  }

  #fill(): void {
    const living = this.#living().filter((task) => !this.#draining.has(task));
    for (const surplus of living.slice(this.#wanted)) {
      this.#draining.add(surplus);
      surplus.drain(DRAIN_LIMIT_MS);
    }
    for (let missing = this.#wanted - living.length - this.#isStarting; missing > 0; missing -= 1) this.#launch();
  }

  #launch(): void {
    const { kernel, faults } = this.#simulation;
    this.#started += 1;
    this.#isStarting += 1;
    const name = `task-${this.#started}`;
    const isRefused = faults.isHostile && faults.draws.isIn(0.1, `refused ${name}`);
    kernel.in(faults.draws.within(5_000, 60_000, `launch ${name}`), () => {
      this.#isStarting -= 1;
      if (kernel.nowMs < this.#restMs) return this.#fill();
      if (isRefused && faults.carryOut("no capacity", `refused|${name}`)) return this.#fill();
      const task = new SimProcess(this.#simulation, {
        name,
        main: (life, process) => this.#work(life, process),
        isRestarted: false,
        // The service sees a task end, and starts another in its place.
        onDeath: () => void kernel.in(NOTICED_MS, () => this.#fill()),
      });
      this.#tasks.push(task);
      task.start();
      return this.#fill();
    });
  }

  async #work(life: Life, process: SimProcess): Promise<void> {
    const simulation = this.#simulation;
    const core = createCore(simulation.ports(life), simulation.knobs);
    const worker = new Worker(core, {
      id: life.name,
      pool: "default",
      slots: this.#options.slots,
      process: simulation.processRef(life),
      drainMs: this.#options.drainMs,
      executor: userCode(life, this.#options.code),
      logs: simRunLogs(life, this.#options.logs),
      onError: (error) => simulation.failed(life, error),
    });
    process.onDrain = () => worker.drain();
    await worker.run();
  }
}

/** How long the service takes to see that a task has ended. */
const NOTICED_MS = 1_000;
