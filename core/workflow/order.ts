import { WorkflowError } from "./workflow-error.ts";

/** Needs by name. All names that are needed are keys. */
export type NeedsOf = ReadonlyMap<string, readonly string[]>;

const MAX_NAMES_TOLD = 20;

/**
 * The names in an order in which each comes after all that it needs, and otherwise as given.
 *
 * @throws {WorkflowError} `workflow-cycle`, with a shortest one
 */
export function topologicalOrder(needsOf: NeedsOf, pointerOf: (name: string) => string): readonly string[] {
  const order: string[] = [];
  const placed = new Set<string>();
  const waiting = new Map([...needsOf].map(([name, needs]) => [name, needs.length]));
  const dependants = dependantsOf(needsOf);
  // Each round places what the rounds before have freed; within a round the given order holds.
  let round = [...needsOf.keys()].filter((name) => waiting.get(name) === 0);
  while (round.length > 0) {
    const freed: string[] = [];
    for (const name of round) {
      order.push(name);
      placed.add(name);
      for (const dependant of dependants.get(name) ?? []) {
        const left = (waiting.get(dependant) ?? 0) - 1;
        waiting.set(dependant, left);
        if (left === 0) freed.push(dependant);
      }
    }
    round = freed;
  }
  if (order.length < needsOf.size) throw cycleError(without(needsOf, placed), pointerOf);
  return order;
}

/** Names that need each name, in the given order. */
export function dependantsOf(needsOf: NeedsOf): ReadonlyMap<string, readonly string[]> {
  const dependants = new Map<string, string[]>([...needsOf.keys()].map((name) => [name, []]));
  for (const [name, needs] of needsOf) {
    for (const need of needs) dependants.get(need)?.push(name);
  }
  return dependants;
}

function without(needsOf: NeedsOf, names: ReadonlySet<string>): NeedsOf {
  const rest = [...needsOf].filter(([name]) => !names.has(name));
  return new Map(rest.map(([name, needs]) => [name, needs.filter((need) => !names.has(need))]));
}

function cycleError(needsOf: NeedsOf, pointerOf: (name: string) => string): WorkflowError {
  const cycle = shortestCycle(needsOf);
  const [first = ""] = cycle;
  const told = cycle.length > MAX_NAMES_TOLD ? [...cycle.slice(0, MAX_NAMES_TOLD), "…"] : cycle;
  return new WorkflowError("workflow-cycle", {
    pointer: `${pointerOf(first)}/needs`,
    message: `Cannot run steps that wait for each other: ${[...told, first].join(" → ")}`,
  });
}

/** A cycle with as few names as there are, each before the one that needs it. */
function shortestCycle(needsOf: NeedsOf): readonly string[] {
  const dependants = dependantsOf(needsOf);
  let shortest: readonly string[] | undefined;
  for (const start of needsOf.keys()) {
    const cycle = cycleFrom(start, dependants, shortest?.length ?? Infinity);
    if (cycle !== undefined) shortest = cycle;
    if (shortest?.length === 2) break;
  }
  if (shortest === undefined) throw new RangeError("Cannot find a cycle: there is none");
  return shortest;
}

/** The shortest way from a name back to it, searched in breadth, when it has fewer names than `below`. */
function cycleFrom(
  start: string,
  dependants: ReadonlyMap<string, readonly string[]>,
  below: number,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  let round = [start];
  for (let length = 1; round.length > 0 && length < below; length += 1) {
    const next: string[] = [];
    for (const name of round) {
      for (const dependant of dependants.get(name) ?? []) {
        if (dependant === start) return wayTo(name, cameFrom);
        if (cameFrom.has(dependant)) continue;
        cameFrom.set(dependant, name);
        next.push(dependant);
      }
    }
    round = next;
  }
  return undefined;
}

function wayTo(name: string, cameFrom: ReadonlyMap<string, string | undefined>): readonly string[] {
  const way: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}
