import { type Plant, PLANTS } from "../plants/plants.ts";
import { playMany } from "./play-many.ts";

export interface PlantsOptions {
  /** Histories that each plant may take at most. */
  readonly seeds: number;
  readonly only?: string | undefined;
  readonly processes: number;
  readonly write?: (line: string) => void;
}

export interface Harvest {
  readonly plant: Plant;
  readonly seeds: number;
  /** Histories in which one of its invariants was broken. */
  readonly caught: number;
  readonly first: number | undefined;
  /** Other invariants that were broken with it. */
  readonly others: ReadonlyMap<string, number>;
}

const HOOKS = new URL("../plants/hooks.ts", import.meta.url).href;

/** Plants every known bug, one at a time, and plays histories until it has been caught often enough; prints a table. */
export async function playPlants({ seeds, only, processes, write = print }: PlantsOptions): Promise<number> {
  const wanted = PLANTS.filter(({ id }) => only === undefined || id === only);
  if (wanted.length === 0) throw new Error(`Cannot plant "${only}": there is no such plant`);
  let survivors = 0;
  write("| plant | bug | invariant | profile | first seed | caught | besides |");
  write("|---|---|---|---|---|---|---|");
  for (const plant of wanted) {
    const { caught, first, others, seeds: played } = await harvest(plant, { seeds, processes });
    if (first === undefined) survivors += 1;
    const besides = [...others].map(([name, count]) => `${name} ${count}`).join(", ");
    write(
      `| ${plant.id} | ${plant.bug} | ${plant.invariants.join(" or ")} | ${plant.profile ?? "standard"} | ${first ?? "SURVIVED"} | ${caught} of ${played} | ${besides} |`,
    );
  }
  return survivors === 0 ? 0 : 1;
}

/** Enough to tell how rare it is. */
const ENOUGH = 8;

/** Plays histories with one plant. */
export async function harvest(
  plant: Plant,
  { seeds, processes }: { readonly seeds: number; readonly processes: number },
): Promise<Harvest> {
  const others = new Map<string, number>();
  let caught = 0;
  let played = 0;
  let first: number | undefined;
  await playMany({
    from: 1,
    count: seeds,
    processes,
    profile: plant.profile ?? "standard",
    hasLeases: plant.hasLeases ?? true,
    twiceEvery: Infinity,
    untilBroken: plant.invariants,
    execArgv: ["--import", HOOKS],
    environment: { CARILLON_PLANT: plant.id },
    onPlayed({ report }) {
      played += 1;
      const broken = new Set(report.violations.map(({ invariant }) => invariant));
      const isCaught = plant.invariants.some((invariant) => broken.has(invariant));
      if (isCaught) {
        caught += 1;
        first = Math.min(first ?? Infinity, report.seed);
      }
      for (const invariant of broken)
        if (!plant.invariants.includes(invariant)) others.set(invariant, (others.get(invariant) ?? 0) + 1);
      return caught < ENOUGH;
    },
  });
  return { plant, seeds: played, caught, first, others };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
