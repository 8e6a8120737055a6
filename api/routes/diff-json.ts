import { toPointer } from "../contract/json-pointer.ts";
import type { DiffEntry } from "../contract/plan.ts";

const MAX_DIFFERENCES = 200;

type Path = readonly (string | number)[];

/**
 * Where two JSON values differ, by JSON Pointer, in the order of the fields; at most 200 places. Lists of unequal length
 * are told as a whole: what was put in between can't be told from what was changed.
 */
export function diffJson(from: unknown, to: unknown): DiffEntry[] {
  const found: DiffEntry[] = [];
  compare(from, to, [], found);
  return found;
}

function compare(from: unknown, to: unknown, path: Path, found: DiffEntry[]): void {
  if (found.length === MAX_DIFFERENCES || from === to) return;
  if (isRecord(from) && isRecord(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      compare(childOf(from, key), childOf(to, key), [...path, key], found);
    }
  } else if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    for (const index of from.keys()) compare(from[index], to[index], [...path, index], found);
  } else {
    found.push({
      path: toPointer(path),
      ...(from === undefined ? {} : { from: from as NonNullable<DiffEntry["from"]> }),
      ...(to === undefined ? {} : { to: to as NonNullable<DiffEntry["to"]> }),
    });
  }
}

function childOf(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
