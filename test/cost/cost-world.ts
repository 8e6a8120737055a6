import { ecsProcess } from "../../adapters/aws/ecs-fates.ts";
import { EmfMetrics } from "../../adapters/aws/emf-metrics.ts";
import type { Principal } from "../../api/access/principal.ts";
import { createApi } from "../../api/app.ts";
import { AWS_KNOBS } from "../../core/knobs.ts";
import type { Queue } from "../../core/ports/queue.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import type { Fleet } from "../../core/ports/fleet.ts";
import type { Pace, Timer } from "../../core/ports/timer.ts";
import { type Core, createCore, type Ports } from "../../core/services/core.ts";
import { Pacer } from "../../core/services/pace.ts";
import { PoolSizer, type Pools } from "../../core/services/pool-sizer.ts";
import { wakeHooks } from "../../core/services/wake.ts";
import { engineHandler } from "../../functions/engine/engine.ts";
import { settleHandler } from "../../functions/settle/settle.ts";
import { tickHandler } from "../../functions/tick/tick.ts";
import { Worker } from "../../worker/worker.ts";
import type { MeterReading } from "../cloud/host/meter.ts";
import { sqsEvent } from "../support/aws/sqs-event.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryRunLogs } from "../support/memory-run-logs.ts";
import { CountingIds, SeededRandom } from "../support/seeded-random.ts";
import { ServiceExecutions, StateMachineService } from "../support/state-machines.ts";
import { LittleAws } from "./little-aws.ts";
import { LogMeter } from "./log-meter.ts";
import { type Behave, TimedExecutor } from "./timed-executor.ts";

export interface CostWorldOptions {
  /** What attempts do. */
  readonly behave: Behave;
  readonly workers: number;
  /** Attempts of one worker at the same time. */
  readonly slots: number;
  /** Runs of workflows are shown as executions of state machines. */
  readonly isMirrored?: boolean;
}

/** Off the minute, so that what workers do now and then does not always fall on the runs of the full minute. */
export const START_MS = Date.UTC(2026, 0, 5, 10, 0, 10);
const MINUTE_MS = 60_000;
/** EventBridge Scheduler wakes at any time within the minute; here always at the same. */
const FIRST_WAKE_UP_MS = START_MS + 10_000;
const FUNCTION_TIMEOUT_MS = 55_000;
/** In each step of time everything is done that can be done. */
const STEP_MS = 250;
/** Memory of the functions in the template, for GB-seconds. */
export const MEMORY_MB = { api: 512, tick: 512, settle: 256, engine: 512 };
/** Messages that Lambda gives the engine at once, and for how long they are hidden then. */
const ENGINE_BATCH = { max: 10, waitMs: 0, visibilityMs: 360_000 };

const TRANSITION = { service: "states", action: "transition", caller: "states" };

const ADMIN: Principal = { id: "cost", name: "cost", role: "admin", createdAtMs: START_MS };
const FLEET: Pick<Fleet, "resize"> = { resize: () => Promise.resolve() };
/** How often the timer wakes at its slow pace. */
const SAFETY_MS = 15 * MINUTE_MS;

/**
 * The AWS body as far as it is paid for by the request, on a clock that passes as fast as the machine allows: API, tick,
 * settler and engine with the knobs of AWS, and real workers, each a caller of the meter of its own. Fleet and timer do nothing, as
 * their requests are free; the number of workers is fixed.
 */
export class CostWorld {
  readonly clock: ManualClock;
  /** What the functions and workers write to their logs. */
  readonly logs: LogMeter;
  readonly #aws: LittleAws;
  readonly #random = new SeededRandom(1);
  readonly #ids = new CountingIds();
  readonly #pools: Pools;
  readonly #working: { readonly worker: Worker; readonly done: Promise<void>; readonly metrics: EmfMetrics }[] = [];
  readonly #errors: unknown[] = [];
  readonly #api: ReturnType<typeof createApi>;
  readonly #tick: Host;
  readonly #settle: Host;
  readonly #engine: Host;
  /** Lambda's own hand, which reads the engine's queue and empties it. */
  readonly #mapping: Queue;
  readonly #timer: Timer = {
    setPace: async (pace) => {
      this.#pace = pace;
    },
  };
  #pace: Pace = "steady";
  #wakeUpAtMs = FIRST_WAKE_UP_MS;

  private constructor({
    clock,
    aws,
    pools,
    isMirrored,
  }: {
    clock: ManualClock;
    aws: LittleAws;
    pools: Pools;
    isMirrored: boolean;
  }) {
    this.clock = clock;
    this.#aws = aws;
    const executions = isMirrored ? this.#executions() : undefined;
    this.logs = new LogMeter(aws.meter);
    this.#pools = pools;
    this.#api = createApi({
      core: this.#host("api", (sizer, pacer) => wakeHooks({ sizer, pacer, onError: this.#note })).core,
      logs: new MemoryRunLogs(),
      limits: { minIntervalMs: 1_000 },
      health: () => Promise.resolve({ ready: true, scheduler: { shards: [], lastRoundAgeMs: 0 } }),
      logger: (event) => {
        if (event.event !== "request") this.#note(event);
        this.logs.event("api", event);
      },
      authenticate: () => Promise.resolve(ADMIN),
    });
    this.#tick = this.#host("tick");
    this.#settle = this.#host("settle");
    this.#engine = this.#host("engine", (sizer) => ({
      onRung: (rung) => Promise.resolve(sizer.note(rung)),
      ...(executions && { executions }),
    }));
    this.#mapping = aws.ports("mapping", this.#random).queue;
  }

  /** A world whose workers wait for work. */
  static async open({ behave, workers, slots, isMirrored = false }: CostWorldOptions): Promise<CostWorld> {
    const clock = new ManualClock(START_MS);
    const aws = await LittleAws.open(clock);
    const world = new CostWorld({
      clock,
      aws,
      pools: { default: { slots, minTasks: 0, maxTasks: workers } },
      isMirrored,
    });
    for (let index = 0; index < workers; index += 1)
      world.#startWorker(`${index}`.padStart(32, "0"), { behave, slots });
    await world.#aws.quiet();
    return world;
  }

  /** All that has been consumed so far. */
  reading(): MeterReading {
    return this.#aws.meter.snapshot();
  }

  /** Sends a request to the API, as somebody whom the authorizer has let through. */
  async request(method: string, path: string, body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const answer = await this.#invocation("api", async () =>
      this.#api.request(path, { method, headers, body: JSON.stringify(body) }),
    );
    this.#aws.meter.record(
      { service: "api", action: "request", caller: "client" },
      { requests: 1, chargedRequests: 1 },
    );
    if (answer.ok) return;
    const what = `Cannot ${method} ${path}: ${answer.status} ${await answer.text()}`;
    throw new AggregateError(this.#errors, what);
  }

  /** Lets time pass, with a tick and a settling each minute. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    while (this.clock.nowMs() < untilMs) {
      await this.#pass(Math.min(STEP_MS, untilMs - this.clock.nowMs(), this.#wakeUpAtMs - this.clock.nowMs()));
      if (this.clock.nowMs() >= this.#wakeUpAtMs) await this.#wakeUp();
    }
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, "Cannot measure: something went wrong");
  }

  async close(): Promise<void> {
    for (const { worker } of this.#working) worker.drain();
    const done = Promise.all(this.#working.map((each) => each.done));
    await this.#through(done);
    await this.#aws.close();
  }

  async #wakeUp(): Promise<void> {
    const scheduledAtMs = Math.floor(this.#wakeUpAtMs / MINUTE_MS) * MINUTE_MS;
    this.#wakeUpAtMs += MINUTE_MS;
    const isRare = scheduledAtMs % SAFETY_MS === 0;
    const event = { scheduledAt: new Date(scheduledAtMs).toISOString() };
    const log = { warn: this.#note, error: this.#note };
    if (this.#pace !== "slow" || isRare) {
      const handler = tickHandler({
        ...this.#tick,
        groups: 1,
        log: { ...log, info: (...line) => this.logs.event("tick", line) },
      });
      await this.#invocation("tick", () => handler(event, { getRemainingTimeInMillis: () => FUNCTION_TIMEOUT_MS }));
      this.#tick.metrics.flush();
    }
    const options = {
      ...this.#settle,
      fatesOf: nothingKnown,
      log: { ...log, info: (...line: unknown[]) => this.logs.event("settle", line) },
    };
    await this.#invocation("settle", () => settleHandler(options)(event));
    for (const { metrics } of [this.#settle, ...this.#working]) metrics.flush();
  }

  /** A call of a function, as long as it takes on this machine. */
  async #invocation<T>(name: keyof typeof MEMORY_MB, call: () => Promise<T>): Promise<T> {
    const begunAtMs = performance.now();
    const result = await this.#through(call());
    const computeMs = performance.now() - begunAtMs;
    const consumed = { requests: 1, chargedRequests: 1, computeMs, gbMs: (computeMs * MEMORY_MB[name]) / 1_024 };
    this.#aws.meter.record({ service: "lambda", action: "invocation", caller: name }, consumed);
    return result;
  }

  /** Lets time pass until some work has been done: requests to queues take time. */
  async #through<T>(work: Promise<T>): Promise<T> {
    const progress = { isDone: false };
    const ended = work.finally(() => {
      progress.isDone = true;
    });
    // Told of by `ended` itself.
    ended.catch(() => undefined);
    for (await this.#aws.quiet(); !progress.isDone; await this.#aws.quiet()) await this.clock.advance(1);
    return ended;
  }

  async #pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.#aws.quiet();
    while ((await this.#aws.visible("engine-normal")) > 0) await this.#feedEngine();
  }

  /**
   * Lambda gives a batch of messages to the engine. Its requests that bring nothing are no part of this: they are made
   * however much runs, and stand in the bill of a month without use.
   */
  async #feedEngine(): Promise<void> {
    const messages = await this.#through(this.#mapping.receive(ENGINE_QUEUE, ENGINE_BATCH));
    const log = { warn: this.#note, error: this.#note };
    const handler = engineHandler({
      ...this.#engine,
      log: { ...log, info: (...line) => this.logs.event("engine", line) },
    });
    const { batchItemFailures } = await this.#invocation("engine", () => handler(sqsEvent(messages)));
    this.#engine.metrics.flush();
    const kept = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = messages.map(({ receipt }) => receipt).filter((receipt) => !kept.has(receipt));
    await this.#through(this.#mapping.delete(ENGINE_QUEUE, done));
  }

  /** Step Functions, which is paid for by the transition; its messages are requests to SQS like others. */
  #executions(): ServiceExecutions {
    const { clock } = this;
    const { queue } = this.#aws.ports("states", this.#random);
    const service = new StateMachineService({
      nowMs: () => clock.nowMs(),
      send: (name, body) => void queue.send(name, [{ body, group: "default", delayMs: 0 }]).catch(this.#note),
      onTransition: () => this.#aws.meter.record(TRANSITION, { requests: 1, chargedRequests: 1 }),
    });
    return new ServiceExecutions(service, ENGINE_QUEUE);
  }

  readonly #note = (...what: unknown[]): void => {
    this.#errors.push(what.length === 1 ? what[0] : new Error(JSON.stringify(what)));
  };

  #host(
    caller: string,
    hooks?: (sizer: PoolSizer, pacer: Pacer) => Partial<Pick<Ports, "onRung" | "onArmed" | "executions">>,
  ): Host {
    const { clock } = this;
    const { table, queue } = this.#aws.ports(caller, this.#random);
    const sizer = new PoolSizer({ table, queue, fleet: FLEET }, this.#pools);
    const pacer = new Pacer({ table, timer: this.#timer, clock });
    const metrics = new EmfMetrics({ clock, write: (line) => this.logs.metrics(caller, line) });
    const ports: Ports = { table, queue, clock, random: this.#random, ids: this.#ids, metrics };
    return { core: createCore({ ...ports, ...hooks?.(sizer, pacer) }, AWS_KNOBS), sizer, pacer, metrics };
  }

  #startWorker(id: string, { behave, slots }: { behave: Behave; slots: number }): void {
    const { core, metrics } = this.#host("worker");
    const worker = new Worker(core, {
      id,
      pool: "default",
      slots,
      process: ecsProcess(id),
      drainMs: MINUTE_MS,
      executor: new TimedExecutor(this.clock, behave),
      logs: new MemoryRunLogs(),
      onError: this.#note,
    });
    this.#working.push({ worker, metrics, done: worker.run() });
  }
}

/** What a fleet says of processes of which it knows nothing. */
function nothingKnown(): Promise<() => "unknown"> {
  return Promise.resolve(() => "unknown");
}

interface Host {
  readonly core: Core;
  readonly metrics: EmfMetrics;
  readonly sizer: PoolSizer;
  readonly pacer: Pacer;
}
