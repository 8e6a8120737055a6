import type { Expectation } from "../../core/ports/table.ts";

/** What a table told of an item: which write made it (each writes a number of its own), and its revision. */
export type Sight = { readonly n: number; readonly rev: number } | undefined;

/** What one operation of a race meant for one item. */
export type RaceEvent =
  | { readonly did: "read"; readonly saw: Sight }
  | { readonly did: "put"; readonly n: number; readonly expect: Expectation; readonly result: RaceResult }
  | { readonly did: "delete"; readonly expect: Expectation; readonly result: RaceResult }
  | { readonly did: "batchPut"; readonly n: number }
  | { readonly did: "batchDelete" };

export type RaceResult = { readonly ok: true; readonly rev: number } | { readonly ok: false; readonly current: Sight };

/**
 * Whether some order of the events, each as one step, leads from what the item was before to what it was after, with every
 * answer right at its place. From that it follows that of several writes at one revision exactly one wins, that
 * revisions rise, and that no write is lost.
 *
 * @see https://cs.brown.edu/~mph/HerlihyW90/p463-herlihy.pdf
 */
export function isExplained(before: Sight, events: readonly RaceEvent[], after: Sight): boolean {
  const tried = new Set<string>();
  const search = (state: State, left: readonly RaceEvent[]): boolean => {
    if (left.length === 0) return seen(state, after) !== IMPOSSIBLE;
    const name = `${JSON.stringify(state)} ${left.map((event) => events.indexOf(event)).join()}`;
    if (tried.has(name)) return false;
    tried.add(name);
    return left.some((event, index) => {
      const next = step(state, event);
      return next !== IMPOSSIBLE && search(next, left.toSpliced(index, 1));
    });
  };
  return search(before && { ...before, above: before.rev - 1 }, events);
}

/** The item, or none. A revision that a batch gave is not known before it is seen, but that it is above another one. */
type State = { readonly n: number; readonly rev?: number; readonly above: number } | undefined;

const IMPOSSIBLE = "impossible";

function step(state: State, event: RaceEvent): State | typeof IMPOSSIBLE {
  switch (event.did) {
    case "read":
      return seen(state, event.saw);
    case "batchPut":
      return { n: event.n, above: state === undefined ? 0 : (state.rev ?? state.above + 1) };
    case "batchDelete":
      return undefined;
    case "put":
    case "delete":
      return event.result.ok ? written(state, event, event.result.rev) : refused(state, event, event.result.current);
  }
}

type WriteEvent = RaceEvent & { did: "put" | "delete" };

function written(state: State, event: WriteEvent, rev: number): State | typeof IMPOSSIBLE {
  const { expect } = event;
  const former = event.did === "put" ? rev - 1 : rev;
  if (expect === "absent" && state !== undefined) return IMPOSSIBLE;
  if (typeof expect === "number" && (state === undefined || former !== expect)) return IMPOSSIBLE;
  // The revision before this one is that of the item, if there was one: 0 stands for none.
  const matches = state === undefined ? former === 0 : seen(state, { n: state.n, rev: former }) !== IMPOSSIBLE;
  if (!matches) return IMPOSSIBLE;
  return event.did === "put" ? { n: event.n, rev, above: former } : undefined;
}

function refused(state: State, { expect }: WriteEvent, current: Sight): State | typeof IMPOSSIBLE {
  const next = seen(state, current);
  const holds = expect === "any" || (expect === "absent" ? current === undefined : current?.rev === expect);
  return holds ? IMPOSSIBLE : next;
}

/** The state, once this was seen of it. */
function seen(state: State, saw: Sight): State | typeof IMPOSSIBLE {
  if (state === undefined || saw === undefined) return state === saw ? undefined : IMPOSSIBLE;
  if (state.n !== saw.n) return IMPOSSIBLE;
  const isRight = state.rev === undefined ? saw.rev > state.above : saw.rev === state.rev;
  return isRight ? { n: saw.n, rev: saw.rev, above: saw.rev - 1 } : IMPOSSIBLE;
}
