import { type FunctionError, FunctionContainer, type Outcome } from "./function-container.ts";
import type { Meter } from "./meter.ts";

export interface CloudFunctionOptions {
  readonly name: string;
  readonly arn: string;
  readonly file: string;
  readonly handlerName: string;
  /** What it calls itself in logs and metrics: the name of its folder. */
  readonly serviceName: string | undefined;
  /** Asked when a container starts: the addresses in it are known by then. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Containers at the same time; `undefined`: as many as are asked for. */
  readonly reservedConcurrency: number | undefined;
  /** Retries of an asynchronous invocation that failed. */
  readonly asyncRetries: number;
  /** Told the event of an asynchronous invocation that is given up. */
  readonly onAsyncFailure: (event: unknown) => void;
  /** Told each line that the function writes. */
  readonly onLine: (line: string) => void;
  /** Told of every invocation that failed. */
  readonly onFailure: (error: FunctionError) => void;
  readonly meter: Meter;
}

/** How long Lambda waits before the retries of an asynchronous invocation: 1 and 2 minutes; here in scaled time. */
const ASYNC_RETRY_MS = [200, 400];

/**
 * A deployed function: invocations at the same time get containers of their own, later ones those that are free again.
 */
export class CloudFunction {
  readonly #options: CloudFunctionOptions;
  readonly #containers = new Set<FunctionContainer>();
  readonly #events = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: CloudFunctionOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get serviceName(): string | undefined {
    return this.#options.serviceName;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** Containers that work on an event now. */
  get busy(): number {
    return [...this.#containers].filter(({ isBusy }) => isBusy).length;
  }

  /** @returns what the function answered, or how it failed; `undefined` when all the containers it may have are in use */
  async invoke(event: unknown): Promise<Outcome | undefined> {
    const container = this.#free();
    if (container === undefined) return undefined;
    const { meter, memoryMb, name, onFailure } = this.#options;
    const begunAtMs = performance.now();
    const outcome = await container.invoke(event);
    const computeMs = Math.ceil(performance.now() - begunAtMs);
    meter.record(
      { service: "lambda", action: "invocation", caller: name },
      { requests: 1, chargedRequests: 1, computeMs, gbMs: (computeMs * memoryMb) / 1_024 },
    );
    if (container.isOver) this.#containers.delete(container);
    if (!outcome.ok && !this.#isClosed) onFailure(outcome.error);
    return outcome;
  }

  /** As `InvocationType: Event`: repeated when the function fails. Never rejects; nobody needs to wait for it. */
  enqueue(event: unknown): Promise<void> {
    const work = this.#repeat(event).finally(() => this.#events.delete(work));
    this.#events.add(work);
    return work;
  }

  /** Ends the containers that work on an event at this moment; says how many there were. */
  async killBusy(): Promise<number> {
    const busy = [...this.#containers].filter(({ isBusy }) => isBusy);
    for (const container of busy) this.#containers.delete(container);
    await Promise.all(busy.map((container) => container.kill()));
    return busy.length;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#containers].map((container) => container.kill()));
    await Promise.all(this.#events);
  }

  async #repeat(event: unknown): Promise<void> {
    for (let retry = 0; ; retry += 1) {
      const outcome = await this.invoke(event);
      if (outcome?.ok === true || this.#isClosed) return;
      if (retry === this.#options.asyncRetries) return this.#options.onAsyncFailure(event);
      await new Promise((resolve) => setTimeout(resolve, ASYNC_RETRY_MS[retry] ?? 0));
    }
  }

  #free(): FunctionContainer | undefined {
    for (const container of this.#containers) if (!container.isBusy && !container.isOver) return container;
    const { reservedConcurrency, name, arn, file, handlerName, environment, timeoutMs, memoryMb, onLine } =
      this.#options;
    if (this.#isClosed || this.#containers.size === reservedConcurrency) return undefined;
    const container = new FunctionContainer({
      file,
      handlerName,
      functionName: name,
      functionArn: arn,
      memoryMb,
      environment: environment(),
      timeoutMs,
      onLine,
    });
    this.#containers.add(container);
    return container;
  }
}
