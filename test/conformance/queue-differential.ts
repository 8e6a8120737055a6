import { isDeepStrictEqual } from "node:util";
import { PortError } from "../../core/ports/errors.ts";
import type { OutgoingMessage, Queue, ReceivedMessage } from "../../core/ports/queue.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { shrink } from "./shrink.ts";
import { textOf } from "./table-history.ts";

/** A queue that is empty, and the clock that it alone lives by. */
export interface ClockedQueue {
  readonly queue: Queue;
  readonly clock: ManualClock;
}

/** Empty queues, all with the same `maxReceives`, their clocks at the same instant. */
export type OpenQueues = () => Readonly<Record<string, ClockedQueue>>;

/** One delivery of one message, by its body and its number. Each queue has its own receipt for it. */
interface Delivery {
  readonly body: string;
  readonly receives: number;
}

export type QueueOperation =
  | { readonly op: "send"; readonly to: string; readonly messages: readonly OutgoingMessage[] }
  | { readonly op: "receive"; readonly of: string; readonly visibilityMs: number }
  | { readonly op: "extend"; readonly of: string; readonly deliveries: readonly Delivery[]; readonly toMs: number }
  | { readonly op: "delete"; readonly of: string; readonly deliveries: readonly Delivery[] }
  | { readonly op: "depth" | "deadLetters" | "redrive"; readonly of: string }
  | { readonly op: "pass"; readonly ms: number };

/**
 * Holds queues to the same answers over one seeded history. Which messages a receive chooses and the order in which it gives
 * them are left open by the port: every receive takes all that are visible, and they are compared without their order, as
 * are dead letters. Bodies, groups, numbers of deliveries, counts, ages to the millisecond and codes of errors are compared.
 *
 * @throws {Error} at the first difference, with the shortest history found that still shows one
 */
export async function holdQueuesToSameAnswers(
  open: OpenQueues,
  { seed, operations }: { readonly seed: number; readonly operations: number },
): Promise<void> {
  const history = aQueueHistory(seed, operations);
  if ((await findQueueDifference(open, history)) === undefined) return;
  const least = await shrink(history, {
    fails: async (fewer) => (await findQueueDifference(open, fewer)) !== undefined,
  });
  const lines = least.map((operation, index) => `  ${index}. ${textOf(operation)}`);
  const difference = (await findQueueDifference(open, least)) ?? "  which did not come back";
  throw new Error(
    [`Queues differ with seed ${seed}, as after these ${least.length} operations:`, ...lines, difference].join("\n"),
  );
}

const NAMES = ["default.normal", "default.high"];
const GROUPS = ["a", "b", "ab", "\u{1f514}"];
const HIDDEN_MS = [0, 1, 500, 1_000, 30_000, 12 * 3_600_000];
const DELAYS_MS = [0, 0, 0, 1, 999, 1_000, 900_000];
const INVALID_DELAYS_MS = [-1, 900_001, Number.NaN];
const PASSED_MS = [0, 1, 499, 500, 1_000, 30_000, 900_000];
/** How many of the last messages are spoken of, so that they come to the end of their deliveries. */
const RECENT = 8;
const MOST_RECEIVES = 4;

export function aQueueHistory(seed: number, operations: number): readonly QueueOperation[] {
  const random = new SeededRandom(seed);
  let sent = 0;
  const message = (): OutgoingMessage => ({
    body: JSON.stringify(`m${(sent += 1)} ${random.pick(["", "\u{1f514}", "\u0000"])}`),
    group: random.pick(GROUPS),
    delayMs: random.pick(random.between(1, 60) === 1 ? INVALID_DELAYS_MS : DELAYS_MS),
  });
  const bodies: string[] = [];
  const deliveries = (): Delivery[] =>
    bodies
      .slice(-RECENT)
      .filter(() => random.next() < 0.3)
      .map((body) => ({ body, receives: random.between(1, MOST_RECEIVES) }));
  return Array.from({ length: operations }, (): QueueOperation => {
    const draw = random.between(1, 100);
    const of = random.pick([...NAMES, NAMES[0] ?? ""]);
    if (draw <= 15) {
      const messages = Array.from({ length: random.pick([0, 1, 1, 2, 3, 10, 11]) }, message);
      bodies.push(...messages.map(({ body }) => body));
      return { op: "send", to: of, messages };
    }
    if (draw <= 40) return { op: "receive", of, visibilityMs: random.pick(HIDDEN_MS) };
    if (draw <= 55) return { op: "extend", of, deliveries: deliveries(), toMs: random.pick(HIDDEN_MS) };
    if (draw <= 62) return { op: "delete", of, deliveries: deliveries() };
    if (draw <= 75) return { op: "depth", of };
    if (draw <= 81) return { op: "deadLetters", of };
    if (draw <= 83) return { op: "redrive", of };
    return { op: "pass", ms: random.pick(PASSED_MS) };
  });
}

/** What the queues answer where they part, as lines; `undefined` when they never do. */
export async function findQueueDifference(
  open: OpenQueues,
  history: readonly QueueOperation[],
): Promise<string | undefined> {
  const sides = Object.entries(open()).map(([name, clocked]) => ({ name, side: new Side(clocked) }));
  for (const [number, operation] of [...history, ...LOOK_AT_ALL].entries()) {
    const answers = await Promise.all(sides.map(async ({ side }) => side.answer(operation)));
    if (answers.every((answer) => isDeepStrictEqual(answer, answers[0]))) continue;
    const lines = sides.map(({ name }, index) => `    ${name}: ${textOf(answers[index])}`);
    return [`  differ at ${number}: ${textOf(operation)}`, ...lines].join("\n");
  }
  return undefined;
}

/** Whatever is hidden still comes to light in the end. */
const LOOK_AT_ALL: readonly QueueOperation[] = [
  ...NAMES.map((of): QueueOperation => ({ op: "depth", of })),
  { op: "pass", ms: 12 * 3_600_000 },
  ...NAMES.map((of): QueueOperation => ({ op: "receive", of, visibilityMs: 0 })),
  ...NAMES.map((of): QueueOperation => ({ op: "deadLetters", of })),
];
const ALL = 1_000;

class Side {
  readonly #queue: Queue;
  readonly #clock: ManualClock;
  readonly #receipts = new Map<string, string>();

  constructor({ queue, clock }: ClockedQueue) {
    this.#queue = queue;
    this.#clock = clock;
  }

  async answer(operation: QueueOperation): Promise<unknown> {
    try {
      return await this.#do(operation);
    } catch (error) {
      return error instanceof PortError ? { refused: error.code } : { fault: error };
    }
  }

  async #do(operation: QueueOperation): Promise<unknown> {
    switch (operation.op) {
      case "send":
        return this.#queue.send(operation.to, operation.messages);
      case "receive": {
        const options = { max: ALL, waitMs: 0, visibilityMs: operation.visibilityMs };
        const messages = await this.#queue.receive(operation.of, options);
        return messages.map((message) => this.#told(message)).sort(byBody);
      }
      case "extend":
        return this.#queue.extend(operation.of, this.#receiptsOf(operation.deliveries), operation.toMs);
      case "delete":
        return this.#queue.delete(operation.of, this.#receiptsOf(operation.deliveries));
      case "depth":
        return this.#queue.depth(operation.of);
      case "deadLetters":
        return (await this.#queue.deadLetters(operation.of, ALL)).map((letter) => ({ ...letter })).sort(byBody);
      case "redrive":
        return this.#queue.redrive(operation.of);
      case "pass":
        return this.#clock.advance(operation.ms);
    }
  }

  /** A message without its receipt, which is kept: also those of former deliveries, to be used when they are stale. */
  #told({ body, group, receives, receipt }: ReceivedMessage): Omit<ReceivedMessage, "receipt"> {
    this.#receipts.set(nameOf({ body, receives }), receipt);
    return { body, group, receives };
  }

  #receiptsOf(deliveries: readonly Delivery[]): string[] {
    return deliveries.map((delivery) => this.#receipts.get(nameOf(delivery)) ?? "none");
  }
}

function nameOf({ body, receives }: Delivery): string {
  return `${receives} ${body}`;
}

function byBody(left: { readonly body: string }, right: { readonly body: string }): number {
  return left.body < right.body ? -1 : 1;
}
