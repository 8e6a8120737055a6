/** Something that is to happen. `cancel` takes it out of the future. */
export interface Event {
  readonly atMs: number;
  /** Tells events of one instant apart: they happen in the order in which they were asked for. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Events, soonest first: a binary heap. */
export class EventHeap {
  readonly #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }

  peek(): Event | undefined {
    return this.#events[0];
  }

  push(event: Event): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || isBefore(above, event)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  pop(): Event | undefined {
    const events = this.#events;
    const [first] = events;
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = events[child];
      if (left === undefined) break;
      const right = events[child + 1];
      const soonest = right !== undefined && isBefore(right, left) ? right : left;
      if (soonest === right) child += 1;
      if (isBefore(last, soonest)) break;
      events[index] = soonest;
      index = child;
    }
    events[index] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
