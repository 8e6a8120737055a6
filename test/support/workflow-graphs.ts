import type { StepDefinition } from "../../core/workflow/definition.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Steps } from "./workflows.ts";

/** Steps by name with what they need, as `{ c: "a b" }`. */
export function graph(needs: Readonly<Record<string, string>>): Steps {
  return Object.fromEntries(
    Object.entries(needs).map(([name, text]) => [name, { needs: text === "" ? [] : text.split(" ") }]),
  );
}

/** One step after the other. */
export function line(length: number, prefix = "s"): Steps {
  return Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `${prefix}${index}`,
      { needs: index === 0 ? [] : [`${prefix}${index - 1}`] },
    ]),
  );
}

/** One step, many after it, and one after all of these. */
export function fan(width: number): Steps {
  const middle = Array.from({ length: width }, (_, index) => `m${index}`);
  return {
    first: {},
    ...Object.fromEntries(middle.map((name) => [name, { needs: ["first"] }])),
    last: { needs: middle },
  };
}

const SHAPES = ["any", "layers", "sparse", "series-parallel", "alternating"] as const;

/** A graph of one to thirty steps, of one of several shapes. */
export function randomGraph(random: SeededRandom, prefix = "s"): Steps {
  const count = random.between(1, 30);
  const shape = random.pick(SHAPES);
  const needs =
    shape === "series-parallel" || shape === "alternating"
      ? seriesParallel(random, count, shape)
      : acyclic(random, count, shape);
  return Object.fromEntries(
    needs.map((numbers, index): [string, Partial<StepDefinition>] => [
      `${prefix}${index}`,
      { needs: numbers.map((number) => `${prefix}${number}`) },
    ]),
  );
}

type Needs = readonly (readonly number[])[];

function acyclic(random: SeededRandom, count: number, shape: "any" | "layers" | "sparse"): Needs {
  const width = random.between(2, 6);
  const density = shape === "sparse" ? 0.08 : random.next();
  return Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / width);
    const from = shape === "layers" ? Math.max(0, (layer - 1) * width) : 0;
    const to = shape === "layers" ? layer * width : index;
    return Array.from({ length: to - from }, (_, offset) => from + offset).filter(() => random.next() < density);
  });
}

/**
 * Drawn from the outside in: a row or a Parallel of two parts, each of which is drawn so again. Rows and Parallels that take
 * turns make as many Parallels as there can be.
 */
function seriesParallel(random: SeededRandom, count: number, shape: "series-parallel" | "alternating"): Needs {
  const needs = Array.from({ length: count }, (): number[] => []);
  const draw = (from: number, to: number, before: readonly number[], depth: number): readonly number[] => {
    if (to - from === 1) {
      needs[from]?.push(...before);
      return [from];
    }
    const middle = shape === "alternating" ? Math.ceil((from + to) / 2) : random.between(from + 1, to - 1);
    const isRow = shape === "alternating" ? depth % 2 === 1 : random.next() < 0.5;
    const ends = draw(from, middle, before, depth + 1);
    const others = draw(middle, to, isRow ? ends : before, depth + 1);
    return isRow ? others : [...ends, ...others];
  };
  draw(0, count, [], 0);
  return needs;
}
