import { dependantsOf, type NeedsOf } from "../order.ts";
import { pathCover } from "./path-cover.ts";

/**
 * How deep Parallels stand inside each other. More could not be read in the console, and JSON of any depth is not taken
 * everywhere.
 */
export const MAX_NESTED_PARALLELS = 8;

/** Blocks that follow each other. */
export type Row = readonly Block[];
export type Block = { readonly kind: "step"; readonly step: string } | Parallel;

export interface Parallel {
  readonly kind: "parallel";
  readonly branches: readonly Row[];
  /** Whether a step of one branch needs a step of another. */
  readonly isCrossed: boolean;
}

/**
 * Lays steps out in rows and Parallels, each step once:
 *
 * ```
 * steps in parts that have nothing to do with each other   a Parallel of the parts
 * steps in parts, each wholly after the one before          a row of the parts
 * neither (c after a; d after a and b)                      a Parallel of as few rows as there can be, in each of which
 *                                                           a step needs the one before it; other needs are not shown
 * ```
 *
 * Invariants:
 *
 * - What has to end before a step is reached is something that the step needs, directly or through others: no step is
 *   reached later than its needs have ended, and none waits in a circle.
 * - There are at most half as many Parallels as steps. Where parts would bring one more, the smallest part that has
 *   Parallels of its own is laid out in rows instead, as the last kind above.
 *
 * Parts in a row are found by the number of steps that come before each step, directly or through others. Sorted by it, a
 * part ends before the k-th step, counted from 0, exactly when this one has all k others before it: so have all that
 * follow then, since the least of them have no others that could come before them.
 *
 * @param needsOf - in an order in which each name comes after those that it needs
 */
export function decompose(needsOf: NeedsOf): Row {
  const before = countsBefore(needsOf);
  const names = [...needsOf.keys()].toSorted((a, b) => (before.get(a) ?? 0) - (before.get(b) ?? 0));
  return names.length === 0 ? [] : layOut(names, 0, { needsOf, dependants: dependantsOf(needsOf), before });
}

/** All steps of a row, in the order in which they stand there. */
export function stepsIn(row: Row): readonly string[] {
  return row.flatMap((block) => (block.kind === "step" ? [block.step] : block.branches.flatMap(stepsIn)));
}

interface Graph {
  readonly needsOf: NeedsOf;
  readonly dependants: NeedsOf;
  /** How many steps come before each one. */
  readonly before: ReadonlyMap<string, number>;
}

/** @param names - sorted by the number of steps before them */
function layOut(names: readonly string[], depth: number, graph: Graph): Row {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return [{ kind: "step", step: only }];
  const beside = partsBeside(names, graph);
  if (beside.length > 1) {
    return [depth + 1 < MAX_NESTED_PARALLELS ? parallelOf(beside, depth, graph) : coverOf(names, graph)];
  }
  const inRow = partsInRow(names, graph);
  return inRow.length > 1 ? inRow.flatMap((part) => layOut(part, depth, graph)) : [coverOf(names, graph)];
}

function parallelOf(parts: readonly (readonly string[])[], depth: number, graph: Graph): Parallel {
  const branches = parts.map((part) => ({ part, row: layOut(part, depth + 1, graph) }));
  const parallels = branches.map(({ row }) => parallelsIn(row));
  const stepCount = parts.reduce((sum, part) => sum + part.length, 0);
  const isDense = 1 + parallels.reduce((sum, count) => sum + count, 0) > stepCount / 2;
  if (!isDense)
    return parallel(
      branches.map(({ row }) => row),
      graph,
    );
  // There is one: without Parallels inside, this one is not too many for two steps or more.
  const flattened = branches
    .filter(({ row }) => parallelsIn(row) > 0)
    .reduce((a, b) => (b.part.length < a.part.length ? b : a));
  return parallel(
    branches.flatMap((one) => (one === flattened ? coverOf(one.part, graph).branches : [one.row])),
    graph,
  );
}

function coverOf(names: readonly string[], graph: Graph): Parallel {
  const rows = pathCover(names, graph.needsOf);
  return parallel(
    rows.map((row) => row.map((step) => ({ kind: "step", step }))),
    graph,
  );
}

function parallel(branches: readonly Row[], { needsOf }: Graph): Parallel {
  const steps = branches.map((branch) => new Set(stepsIn(branch)));
  const all = new Set(steps.flatMap((inBranch) => [...inBranch]));
  const isCrossed = steps.some((inBranch) =>
    [...inBranch].some((step) => needsOf.get(step)?.some((need) => all.has(need) && !inBranch.has(need)) ?? false),
  );
  return { kind: "parallel", branches, isCrossed };
}

function parallelsIn(row: Row): number {
  return row.reduce(
    (sum, block) =>
      sum + (block.kind === "step" ? 0 : block.branches.reduce((inside, branch) => inside + parallelsIn(branch), 1)),
    0,
  );
}

/** Parts between which there is no need, by their first names. */
function partsBeside(names: readonly string[], { needsOf, dependants }: Graph): readonly (readonly string[])[] {
  const partOf = new Map<string, number>();
  const inside = new Set(names);
  let count = 0;
  for (const first of names) {
    if (partOf.has(first)) continue;
    const open = [first];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (!inside.has(name) || partOf.has(name)) continue;
      partOf.set(name, count);
      open.push(...(needsOf.get(name) ?? []), ...(dependants.get(name) ?? []));
    }
    count += 1;
  }
  const parts = Array.from({ length: count }, (): string[] => []);
  for (const name of names) parts[partOf.get(name) ?? 0]?.push(name);
  return parts;
}

/**
 * Parts of which each comes wholly after the one before. Of names that are such a part themselves, or one of parts beside
 * each other, all have the same number of steps before them outside: as many as the first has.
 */
function partsInRow(names: readonly string[], { before }: Graph): readonly (readonly string[])[] {
  const numberOf = (name: string | undefined) => before.get(name ?? "") ?? 0;
  const outside = numberOf(names[0]);
  const cuts = [...names.keys()].filter((index) => numberOf(names[index]) - outside >= index);
  return cuts.map((from, index) => names.slice(from, cuts[index + 1]));
}

/** How many steps come before each one, directly or through others. */
function countsBefore(needsOf: NeedsOf): ReadonlyMap<string, number> {
  const sets = new Map<string, bigint>();
  let own = 1n;
  for (const [name, needs] of needsOf) {
    // Each step's own bit is set too, for those that need it.
    sets.set(
      name,
      needs.reduce((set, need) => set | (sets.get(need) ?? 0n), own),
    );
    own <<= 1n;
  }
  return new Map([...sets].map(([name, set]) => [name, ones(set) - 1]));
}

function ones(bits: bigint): number {
  return bits.toString(2).replaceAll("0", "").length;
}
