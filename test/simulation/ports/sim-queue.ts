import {
  checkMax,
  checkMessages,
  checkQueueName,
  checkReceive,
  checkVisibility,
} from "../../../adapters/shared/queue-rules.ts";
import type {
  DeadLetter,
  OutgoingMessage,
  Queue,
  QueueDepth,
  QueueName,
  ReceivedMessage,
  ReceiveOptions,
} from "../../../core/ports/queue.ts";
import { PortError } from "../../../core/ports/errors.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import { hashOf } from "../kernel/keyed-draws.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Life } from "../kernel/life.ts";
import type { QueueService } from "./queue-service.ts";

export interface SimQueueOptions {
  readonly service: QueueService;
  readonly kernel: Kernel;
  readonly faults: FaultPlan;
  readonly life: Life;
  /** Delays are rounded down to whole seconds, as on SQS. */
  readonly hasWholeSeconds: boolean;
}

/** How long a client waits for an answer beyond the time that it has asked the service to wait. */
const ANSWER_MS = 5_000;

/** The Queue port as one process sees it: the worst standard queue that there may be. */
export class SimQueue implements Queue {
  readonly #options: SimQueueOptions;
  /** Ends the connection of each long poll. */
  readonly #polls = new Set<(isServiceGone: boolean) => void>();

  constructor(options: SimQueueOptions) {
    this.#options = options;
  }

  async send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<readonly OutgoingMessage[]> {
    checkQueueName(queue);
    checkMessages(messages);
    const { faults, life } = this.#options;
    const { draws } = faults;
    const sendAll = (): readonly OutgoingMessage[] => {
      for (const message of messages) this.#accept(queue, message);
      return [];
    };
    // By what is sent, so that the faults of one batch do not depend on how many batches came before.
    const entity = `${queue} ${hashOf(messages.map(({ body }) => body).join())}`;
    return life.call("queue.send", entity, sendAll, {
      withFault: (fault, call) => {
        const isPart = (index: number): boolean => draws.isIn(0.5, `part ${index} of ${call}`);
        switch (fault) {
          case "declined": {
            const declined = messages.filter((message, index) => {
              if (!isPart(index)) return true;
              this.#accept(queue, message);
              return false;
            });
            return { value: declined };
          }
          case "lost":
            messages.forEach((message, index) => (isPart(index) ? undefined : this.#accept(queue, message)));
            return { value: [] };
          case "doubled":
            return { value: [...sendAll(), ...sendAll()] };
          case "doubledLater": {
            const delayMs = draws.magnitude(10_000, 3 * 3_600_000, `again ${call}`);
            this.#options.kernel.in(delayMs, sendAll);
            return { value: sendAll() };
          }
          case "late": {
            const lateMs = draws.magnitude(1_000, 300_000, `late ${call}`);
            for (const message of messages) this.#accept(queue, { ...message, delayMs: message.delayMs + lateMs });
            return { value: [] };
          }
          case "unknownDone":
          case "dieAfter":
            messages.forEach((message, index) => (isPart(index) ? this.#accept(queue, message) : undefined));
            return { value: [] };
          default:
            return undefined;
        }
      },
    });
  }

  async receive(queue: QueueName, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    checkQueueName(queue);
    checkReceive(options);
    const { service, life } = this.#options;
    const { max, visibilityMs, waitMs, signal } = options;
    const isOver = (): boolean => signal?.aborted === true;
    const first = await life.call<readonly ReceivedMessage[] | "wait">(
      "queue.receive",
      `${queue} ${life.name}`,
      () => {
        if (isOver()) return [];
        const taken = service.take(queue, { max, visibilityMs });
        return taken.length > 0 || waitMs === 0 ? taken : "wait";
      },
      { withFault: (fault) => (fault === "blind" ? { value: [] } : undefined) },
    );
    if (first !== "wait") return first;
    return this.#wait(queue, options);
  }

  async extend(queue: QueueName, receipts: readonly string[], visibilityMs: number): Promise<void> {
    checkQueueName(queue);
    checkVisibility(visibilityMs);
    await this.#change("extend", queue, receipts, (some) =>
      this.#options.service.extend(queue, some, Math.ceil(visibilityMs)),
    );
  }

  async delete(queue: QueueName, receipts: readonly string[]): Promise<void> {
    checkQueueName(queue);
    await this.#change("delete", queue, receipts, (some) => this.#options.service.delete(queue, some));
  }

  async depth(queue: QueueName): Promise<QueueDepth> {
    checkQueueName(queue);
    return this.#options.life.call("queue.depth", queue, () => this.#options.service.depth(queue));
  }

  async deadLetters(queue: QueueName, max: number): Promise<readonly DeadLetter[]> {
    checkQueueName(queue);
    checkMax(max);
    return this.#options.life.call("queue.deadLetters", queue, () =>
      this.#options.service
        .dead(queue)
        .slice(0, max)
        .map(({ body, group, receives }) => ({ body, group, receives })),
    );
  }

  async redrive(queue: QueueName): Promise<number> {
    checkQueueName(queue);
    return this.#options.life.call("queue.redrive", queue, () => this.#options.service.redrive(queue));
  }

  /**
   * The connections of all long polls are gone: each fails some time, at once or when its client gives up waiting.
   *
   * @param isServiceGone - otherwise the service does not know: what it gives to one of them is on its way to nobody
   */
  breakPolls(isServiceGone: boolean): void {
    for (const lose of this.#polls) lose(isServiceGone);
  }

  #accept(queue: QueueName, { delayMs, ...message }: OutgoingMessage): void {
    const { service, hasWholeSeconds } = this.#options;
    service.send(queue, { ...message, delayMs: hasWholeSeconds ? Math.floor(delayMs / 1_000) * 1_000 : delayMs });
  }

  #change(
    method: string,
    queue: QueueName,
    receipts: readonly string[],
    effect: (receipts: readonly string[]) => void,
  ): Promise<void> {
    if (receipts.length === 0) return Promise.resolve();
    const { life, faults } = this.#options;
    return life.call(`queue.${method}`, `${queue} ${receipts[0] ?? ""}`, () => effect(receipts), {
      withFault(fault, call) {
        if (fault === "ignored") return { value: undefined };
        // They go out in batches, of which any part may have been done.
        if (fault !== "unknownDone" && fault !== "dieAfter") return undefined;
        effect(receipts.filter((_, index) => faults.draws.isIn(0.5, `part ${index} of ${call}`)));
        return { value: undefined };
      },
    });
  }

  /** Waits for the first messages, on the service's side: should the process die over it, what is given to it is on its way to nobody. */
  #wait(queue: QueueName, { max, visibilityMs, waitMs, signal }: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const { service, kernel, life, faults } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<readonly ReceivedMessage[]>();
    const untilMs = kernel.nowMs + waitMs;
    let isLost = false;
    const leave = (): void => {
      waiting.leave();
      end.isCancelled = true;
    };
    const close = (): void => {
      this.#polls.delete(lose);
      signal?.removeEventListener("abort", abort);
    };
    const finish = (messages: readonly ReceivedMessage[]): void => {
      leave();
      if (isLost) return;
      close();
      life.later(1, () => resolve(messages));
    };
    const abort = (): void => {
      // Nobody tells the service when the connection is gone.
      if (!isLost) leave();
      close();
      life.later(1, () => resolve([]));
    };
    const lose = (isServiceGone: boolean): void => {
      isLost = true;
      this.#polls.delete(lose);
      if (isServiceGone) leave();
      const call = faults.nextCall("queue.poll", `${queue} ${life.name}`);
      const isReset = faults.draws.isIn(0.5, `reset ${call}`);
      const lateMs = isReset ? faults.draws.magnitude(1, 1_000, `in ${call}`) : untilMs + ANSWER_MS - kernel.nowMs;
      life.later(lateMs, () => {
        close();
        reject(new PortError("UNAVAILABLE", `Cannot receive from "${queue}": the connection is gone`));
      });
    };
    const waiting = service.wait(queue, { max, visibilityMs, deliver: finish });
    const end = kernel.in(waitMs, () => finish([]));
    signal?.addEventListener("abort", abort, { once: true });
    this.#polls.add(lose);
    return promise;
  }
}
