import type { NeedsOf } from "../order.ts";

/**
 * Lays steps out in as few rows as there can be, in each of which a step needs the one before it. Both the rows and the
 * steps in them come in the order of `names`.
 *
 * A row goes on from a need to a step wherever the two are matched; a greatest matching makes the fewest rows. It is found
 * by augmenting paths, in time proportional to steps times needs at worst.
 *
 * @param names - each after those that it needs; needs outside of them do not count
 * @see https://en.wikipedia.org/wiki/Path_cover
 */
export function pathCover(names: readonly string[], needsOf: NeedsOf): readonly (readonly string[])[] {
  const inside = new Set(names);
  const next = new Map<string, string>();
  const matched = new Set(names.filter((name) => findPlace(name, { inside, needsOf, next, tried: new Set() })));
  return names.filter((name) => !matched.has(name)).map((name) => rowFrom(name, next));
}

interface Search {
  readonly inside: ReadonlySet<string>;
  readonly needsOf: NeedsOf;
  /** By name the one that follows it in its row, so far. */
  readonly next: Map<string, string>;
  /** Needs that this search has asked for already. */
  readonly tried: Set<string>;
}

/** Puts a step behind one of its needs: one that is free, or one from which another step can be moved to a need of its own. */
function findPlace(name: string, search: Search): boolean {
  const { inside, needsOf, next, tried } = search;
  const needs = (needsOf.get(name) ?? []).filter((need) => inside.has(need));
  for (const need of needs.toSorted((a, b) => Number(next.has(a)) - Number(next.has(b)))) {
    if (tried.has(need)) continue;
    tried.add(need);
    const follower = next.get(need);
    if (follower !== undefined && !findPlace(follower, search)) continue;
    next.set(need, name);
    return true;
  }
  return false;
}

function rowFrom(first: string, next: ReadonlyMap<string, string>): readonly string[] {
  const row: string[] = [];
  for (let name: string | undefined = first; name !== undefined; name = next.get(name)) row.push(name);
  return row;
}
