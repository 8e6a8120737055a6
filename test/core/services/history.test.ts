import { describe, expect, it } from "vitest";
import type { JobVersion } from "../../../core/job/version.ts";
import { type Run, isEnded } from "../../../core/run/run.ts";
import type { Core } from "../../../core/services/core.ts";
import { pauseJob, resumeJob } from "../../../core/services/pause-job.ts";
import { triggerRuns } from "../../../core/services/trigger-runs.ts";
import type { Fault } from "../../support/port-faults.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { NAMESPACE, World } from "../../support/world.ts";

const SEEDS = 100;
const STEPS = 14;
/** Seeds that have brought something to light. */
const FORMER_FINDS = [304];
const FAULTS = ["dieBefore", "dieAfter", "unavailable", "unknown"] as const satisfies readonly Fault[];
const OVERLAPS = ["allow", "allow", "skip", "queueOne", "queueAll", "cancelPrevious"] as const;

/**
 * Small random histories: a job is defined, edited, paused, resumed and triggered, while processes die in the middle of
 * what they do and messages are lost and doubled. When all is well again, the ledger must say of every slot what a model
 * says that knows nothing of the engine but the versions that were committed.
 */
describe("a random history", () => {
  it.each([...Array.from({ length: SEEDS }, (_, seed) => seed), ...FORMER_FINDS])(
    "ends as the model says (seed %d)",
    async (seed) => {
      const random = new SeededRandom(seed);
      const world = new World({ seed, schedulers: random.between(1, 3), workers: random.between(1, 2) });
      const overlap = random.pick(OVERLAPS);
      world.behave = () => ({ takesMs: random.between(0, 6_000), result: { kind: "succeeded" } });
      world.queue.fate = () => {
        const draw = random.next();
        return draw < 0.1 ? "lose" : draw < 0.25 ? "double" : "keep";
      };
      const acknowledged: string[] = [];
      await define(world.core, world, random, overlap);
      for (let step = 0; step < STEPS; step += 1) {
        await takeStep(world, random, { overlap, acknowledged });
        await world.advance(random.between(0, 20_000), { stepMs: random.pick([250, 1_000]) });
      }
      await heal(world);

      const errors = `errors: ${world.errors.map(String).join("\n")}`;
      expect(world.watch.violations, errors).toEqual([]);
      expect(await world.ledger("a"), errors).toMatchObject({ unexplained: 0, pending: 0 });
      const due = expectedSlots(world);
      const rows = world.runs("a").filter(({ cause }) => cause === "slot");
      const known = rows
        .filter(({ slotAtMs }) => slotAtMs <= world.clock.nowMs() - 30_000)
        .map(({ slotAtMs }) => slotAtMs);
      expect(
        known.filter((atMs) => !due.has(atMs)),
        "fired and not expected",
      ).toEqual([]);
      expect(
        [...due].filter((atMs) => !known.includes(atMs)),
        "expected and not there",
      ).toEqual([]);
      for (const run of world.runs("a")) expectWellEnded(run, overlap);
      const stamps = new Set(world.runs("a").map(({ stamp }) => stamp));
      expect(
        acknowledged.filter((stamp) => !stamps.has(stamp)),
        "acknowledged and not there",
      ).toEqual([]);
    },
  );
});

async function takeStep(
  world: World,
  random: SeededRandom,
  { overlap, acknowledged }: { overlap: (typeof OVERLAPS)[number]; acknowledged: string[] },
): Promise<void> {
  switch (random.between(0, 9)) {
    case 0:
    case 1:
      return byClient(world, random, (core) => define(core, world, random, overlap));
    case 2:
      return byClient(world, random, (core) => pauseJob(core, NAMESPACE, "a", {}));
    case 3:
    case 4:
      return byClient(world, random, (core) =>
        resumeJob(core, NAMESPACE, "a", { missed: random.pick(["now", "last", "all"] as const) }),
      );
    case 5:
      return byClient(world, random, async (core) => {
        const runs = await triggerRuns(core, NAMESPACE, "a", {
          requests: [{}, { atMs: world.clock.nowMs() + 25_000 }],
        });
        acknowledged.push(...runs.map(({ stamp }) => stamp));
      });
    case 6:
      return breakLater(world, random);
    case 7:
      world.killWorker(0);
      world.addWorker();
      return;
    case 8:
      return world.queue.lose(() => random.next() < 0.5);
    default:
      // All schedulers stand still for a while.
      return world.clock.advance(random.between(0, 40_000));
  }
}

function define(core: Core, world: World, random: SeededRandom, overlap: (typeof OVERLAPS)[number]): Promise<unknown> {
  const schedule = { every: random.pick(["5s", "7s", "13s"]) };
  const misfire = { policy: "all", limit: 1_000 } as const;
  return world.define({ name: "a", schedule, overlap, misfire, description: String(random.next()) }, core);
}

/** A client does something; every other one breaks down over it. What was refused, or not answered, is left at that. */
async function byClient(world: World, random: SeededRandom, act: (core: Core) => Promise<unknown>): Promise<void> {
  const { core, faults } = world.process();
  const number = random.between(1, 30);
  const fault = random.pick(FAULTS);
  faults.plan = (call) => (call === number ? fault : undefined);
  await faults.orDeath(act(core)).catch(() => undefined);
}

/** A scheduler or a worker breaks down soon. One that dies is followed by another. */
function breakLater(world: World, random: SeededRandom): void {
  const fault = random.pick(FAULTS);
  const victims = [...world.schedulers, ...world.workers];
  const { faults } = random.pick(victims);
  const number = faults.calls + random.between(1, 60);
  faults.plan = (call) => (call === number ? fault : undefined);
  world.schedulers.push(world.process());
  world.addWorker();
}

/** Everything works again, for long enough. */
async function heal(world: World): Promise<void> {
  world.queue.fate = () => "keep";
  for (const { faults } of [...world.schedulers, ...world.workers]) faults.plan = () => undefined;
  world.schedulers.push(world.process());
  world.addWorker();
  await resumeJob(world.core, NAMESPACE, "a", { missed: "now" });
  await world.advance(90_000, { stepMs: 1_000 });
  // A schedule that rests, so that what waits in line comes to its end.
  await world.define({
    name: "a",
    schedule: { every: "12h" },
    overlap: "queueAll",
    misfire: { policy: "all", limit: 1_000 },
  });
  await world.advance(900_000, { stepMs: 3_000 });
}

/** The slots that have to have a row of their own: from the committed versions and nothing else. */
function expectedSlots(world: World): Set<number> {
  const history = [...world.table.dump(`version#${NAMESPACE}#a`), ...world.table.dump(`ns#${NAMESPACE}`)];
  const versions = history.map(({ body }) => body as JobVersion).filter(({ name }) => name === "a");
  const byNumber = new Map(versions.map((version) => [version.version, version]));
  const slots = new Set<number>();
  for (const version of byNumber.values()) {
    const next = byNumber.get(version.version + 1);
    const instants = slotsOf(version, Math.min(next?.sinceMs ?? Infinity, world.clock.nowMs() - 30_000));
    const take = version.state === "active" ? Infinity : { now: 0, last: 1, all: 1_000 }[next?.resume ?? "now"];
    for (const atMs of take === 0 ? [] : instants.slice(-take)) slots.add(atMs);
  }
  return slots;
}

function slotsOf({ definition, createdAtMs, sinceMs }: JobVersion, untilMs: number): number[] {
  const every = definition.schedule?.every ?? "";
  const periodMs = Number.parseInt(every, 10) * (every.endsWith("h") ? 3_600_000 : 1_000);
  const slots: number[] = [];
  for (let atMs = createdAtMs; atMs <= untilMs; atMs += periodMs) if (atMs > sinceMs) slots.push(atMs);
  return slots;
}

function expectWellEnded(run: Run, overlap: (typeof OVERLAPS)[number]): void {
  const about = `${run.stamp} ${run.status}`;
  expect(isEnded(run), about).toBe(true);
  const allowed = { allow: [], skip: ["skipped"], queueOne: ["skipped"], queueAll: [], cancelPrevious: ["cancelled"] }[
    overlap
  ];
  // Some are given up after too many lost workers.
  expect(["succeeded", ...allowed, ...(run.attempts.length >= 5 ? ["failed"] : [])], about).toContain(run.status);
  expect(run.attempts.filter(({ outcome }) => outcome === "succeeded").length, about).toBeLessThanOrEqual(1);
  expect(
    run.attempts.map(({ attempt }) => attempt),
    about,
  ).toEqual(run.attempts.map((_, index) => index + 1));
}
