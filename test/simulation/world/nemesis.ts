import type { KeyedDraws } from "../kernel/keyed-draws.ts";
import type { Body } from "./body.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Simulation } from "./simulation.ts";

/** Harm that is done to processes and services as a whole, beside that of single calls. */
export type Blow =
  | "kill"
  | "freeze"
  | "drain"
  | "schedulersDown"
  | "workersDown"
  | "allDown"
  | "outage"
  | "longOutage"
  | "cutOff"
  | "purge"
  | "poison"
  | "replay"
  | "clockStep"
  | "hostClock";

export interface NemesisOptions {
  /** How often each blow falls in one history, on the average. */
  readonly blows: Readonly<Partial<Record<Blow, number>>>;
  /** All blows, in place of about half of them. */
  readonly isWhole: boolean;
  readonly horizonMs: number;
  readonly draws: KeyedDraws;
}

/** How far the clock of one host may be off. */
export const MAX_SKEW_MS = 2_000;

const QUIET_MS = 60_000;

/** Plans every blow of a history. */
export function planBlows(
  simulation: Simulation,
  body: Body,
  { blows, isWhole, horizonMs, draws }: NemesisOptions,
): void {
  const { kernel, faults } = simulation;
  for (const [blow, mean] of Object.entries(blows) as [Blow, number][]) {
    if (!isWhole && draws.isIn(0.5, `no ${blow}`)) continue;
    const count = Math.round(draws.within(0.5, 2 * mean, `how often ${blow}`));
    for (let index = 0; index < count; index += 1) {
      const name = `${blow} ${index}`;
      // Not at once: something has to be there that it falls upon.
      kernel.at(draws.within(QUIET_MS, horizonMs, `when ${name}`), () => {
        faults.carryOut(blow, `blow|${name}`, () =>
          strike(simulation, body, { blow, horizonMs, draws: draws.part(name) }),
        );
      });
    }
  }
}

interface Strike {
  readonly blow: Blow;
  readonly horizonMs: number;
  readonly draws: KeyedDraws;
}

/** @returns whether there was anything that it befell */
function strike(simulation: Simulation, body: Body, { blow, horizonMs, draws }: Strike): boolean {
  const living = [...body.schedulers, ...body.workers()].filter(isAlive);
  const one = living.length === 0 ? undefined : draws.pick(living, "who");
  const longMs = Math.min(0.4 * horizonMs, draws.magnitude(2 * 60_000, 25 * 60_000, "long"));
  switch (blow) {
    case "kill":
    case "freeze":
    case "drain":
    case "cutOff":
    case "clockStep":
      return one !== undefined && strikeOne(one, body, { blow, draws });
    case "schedulersDown":
      return holdSchedulersDown(body, longMs);
    case "workersDown":
      return holdWorkersDown(body, longMs);
    case "allDown":
      return [holdSchedulersDown(body, longMs), holdWorkersDown(body, longMs)].includes(true);
    case "outage":
      simulation.outage(
        draws.pick(["table", "queue", "any", "logs"], "port"),
        draws.magnitude(1_000, 120_000, "how long"),
      );
      return true;
    case "longOutage":
      simulation.outage(draws.pick(["table", "queue", "any"], "port"), longMs);
      return true;
    case "purge":
      return simulation.service.purge() > 0;
    case "poison":
      poison(simulation, draws);
      return true;
    case "replay":
      return replay(simulation, draws) > 0;
    case "hostClock":
      simulation.hostOffsetMs += draws.pick([-1, 1], "direction") * draws.magnitude(500, 3_600_000, "step");
      return true;
  }
}

function strikeOne(
  process: SimProcess,
  { drainLimitMs }: Body,
  { blow, draws }: { readonly blow: "kill" | "freeze" | "drain" | "cutOff" | "clockStep"; readonly draws: KeyedDraws },
): boolean {
  switch (blow) {
    case "kill":
      process.kill("kill -9");
      return true;
    case "freeze":
      return process.life?.freeze(draws.magnitude(1_000, 600_000, "how long")) === true;
    case "drain":
      process.drain(drainLimitMs);
      return true;
    case "cutOff":
      process.cutOff(draws.pick(["table", "queue", "any"], "port"), draws.magnitude(1_000, 600_000, "how long"));
      return true;
    case "clockStep":
      process.wallOffsetMs = draws.within(-MAX_SKEW_MS, MAX_SKEW_MS, "step");
      return true;
  }
}

function holdSchedulersDown({ schedulers }: Body, ms: number): boolean {
  const isBefalling = schedulers.some(isAlive);
  for (const process of schedulers) process.holdDown(ms);
  return isBefalling;
}

function holdWorkersDown(body: Body, ms: number): boolean {
  const isBefalling = body.workers().some(isAlive);
  body.holdWorkersDown(ms);
  return isBefalling;
}

function isAlive({ life }: SimProcess): boolean {
  return life !== undefined;
}

const POISON = [
  "",
  "not JSON",
  "null",
  "[]",
  '{"v":2,"namespace":"default","job":"job-1","stamp":"20260105T100000.000Z","dueAtMs":0}',
  '{"v":1,"namespace":"default","job":"job-1","stamp":"20991231T000000.000Z","dueAtMs":0}',
  '{"v":1,"namespace":"default","job":"job-1","stamp":"20260105T100003.000Z","version":99,"dueAtMs":0}',
  '{"v":1,"namespace":"default","job":"job-1","stamp":"rubbish","version":1,"dueAtMs":0}',
  '{"v":1,"namespace":"other","job":"job-1","stamp":"20260105T100000.000Z","version":1,"dueAtMs":0}',
  '{"v":1,"namespace":"default","job":"job-1","stamp":"20260105T101000.000Z","version":1,"dueAtMs":0}',
];

/** Messages that nobody has sent: unreadable, of unknown runs, of instants that are no slots, of another tenant. */
function poison(simulation: Simulation, draws: KeyedDraws): void {
  const { service, kernel } = simulation;
  const queue = draws.pick(service.names.length === 0 ? ["default.normal"] : service.names, "queue");
  const body = draws.isIn(0.5, "forged") ? forged(kernel.trueMs, draws) : draws.pick(POISON, "what");
  service.send(queue, { body, group: "default", delayMs: 0 });
}

/** A message such as a scheduler sends, for an instant that somebody has made up. */
function forged(nowMs: number, draws: KeyedDraws): string {
  const atMs = Math.floor(nowMs + draws.within(-60_000, 60_000, "instant"));
  const stamp = new Date(atMs).toISOString().replaceAll("-", "").replaceAll(":", "");
  const [job, version] = [draws.between(1, 4, "job"), draws.between(1, 4, "version")];
  return JSON.stringify({ v: 1, namespace: "default", job: `job-${job}`, stamp, version, dueAtMs: atMs });
}

/** Some of the messages that are there, once more; returns how many. */
function replay(simulation: Simulation, draws: KeyedDraws): number {
  const { service, kernel } = simulation;
  let count = 0;
  for (const queue of service.names) {
    for (const [index, body] of service.bodies(queue).entries()) {
      if (index >= 20 || !draws.isIn(0.5, `${queue} ${index}`)) continue;
      const delayMs = draws.magnitude(1_000, 600_000, `delay ${queue} ${index}`);
      kernel.in(delayMs, () => service.send(queue, { body, group: "default", delayMs: 0 }));
      count += 1;
    }
  }
  return count;
}
