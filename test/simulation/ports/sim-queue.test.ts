import { describe, expect, it } from "vitest";
import { EMBEDDED_KNOBS } from "../../../core/knobs.ts";
import type { Queue } from "../../../core/ports/queue.ts";
import { FaultPlan } from "../faults/fault-plan.ts";
import { Kernel } from "../kernel/kernel.ts";
import { KeyedDraws } from "../kernel/keyed-draws.ts";
import { Trace } from "../kernel/trace.ts";
import { SimProcess } from "../world/sim-process.ts";
import { Simulation } from "../world/simulation.ts";

const NAME = "default.normal";
const MESSAGE = { body: "{}", group: "default", delayMs: 0 };
const WAIT_MS = 20_000;
const VISIBILITY_MS = 60_000;
/** What a client waits for beyond the poll itself, and the way. */
const GIVEN_UP_MS = WAIT_MS + 5_100;

describe("a long poll of a simulated queue", () => {
  it.each(["queue", "any"])("fails in an outage of %s, and takes no message with it", async (port) => {
    const { simulation, one, other } = await stage();
    const polls = [poll(one.queue), poll(other.queue)];
    await simulation.kernel.runUntil(1_000);
    simulation.outage(port, 2_000);
    await simulation.kernel.runUntil(4_000);
    simulation.service.send(NAME, MESSAGE);

    await simulation.kernel.runUntil(1_000 + GIVEN_UP_MS);
    expect(polls.map(({ outcome }) => outcome)).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
    expect(simulation.service.depth(NAME)).toMatchObject({ visible: 1, inFlight: 0 });
  });

  it("fails when its process is cut off; what the service gives it meanwhile goes to nobody", async () => {
    const { simulation, one, other } = await stage();
    const polled = poll(one.queue);
    await simulation.kernel.runUntil(1_000);
    one.process.cutOff("queue", 2_000);
    simulation.service.send(NAME, MESSAGE);

    await simulation.kernel.runUntil(1_000 + GIVEN_UP_MS);
    expect(polled.outcome).toBe("UNAVAILABLE");
    expect(simulation.service.depth(NAME)).toMatchObject({ visible: 0, inFlight: 1 });
    await simulation.kernel.runUntil(1_000 + VISIBILITY_MS + 100);
    const again = poll(other.queue);
    await simulation.kernel.runUntil(1_000 + VISIBILITY_MS + 200);
    expect(again.outcome).toBe(1);
  });

  it("goes on when another port is away, or another process is cut off", async () => {
    const { simulation, one, other } = await stage();
    const polled = poll(one.queue);
    await simulation.kernel.runUntil(1_000);
    simulation.outage("table", 1_000);
    other.process.cutOff("queue", 1_000);
    simulation.service.send(NAME, MESSAGE);

    await simulation.kernel.runUntil(1_100);
    expect(polled.outcome).toBe(1);
  });

  it("ends empty when it is aborted although its connection is gone", async () => {
    const { simulation, one } = await stage();
    const aborted = new AbortController();
    const polled = poll(one.queue, aborted.signal);
    await simulation.kernel.runUntil(1_000);
    one.process.cutOff("queue", 2_000);
    aborted.abort();

    await simulation.kernel.runUntil(1_000 + GIVEN_UP_MS);
    expect(polled.outcome).toBe(0);
  });
});

interface Poll {
  /** How many messages it brought, or the code of the error that it failed with. */
  outcome: number | string | undefined;
}

function poll(queue: Queue, signal?: AbortSignal): Poll {
  const polled: Poll = { outcome: undefined };
  const options = { max: 1, waitMs: WAIT_MS, visibilityMs: VISIBILITY_MS, ...(signal === undefined ? {} : { signal }) };
  queue.receive(NAME, options).then(
    ({ length }) => (polled.outcome = length),
    (error: unknown) => (polled.outcome = (error as { code: string }).code),
  );
  return polled;
}

interface Party {
  readonly process: SimProcess;
  readonly queue: Queue;
}

/** Two processes over one queue, whom nothing befalls that the test does not do. */
async function stage(): Promise<{ simulation: Simulation; one: Party; other: Party }> {
  const draws = new KeyedDraws(1);
  const simulation = new Simulation({
    kernel: new Kernel(Date.parse("2026-01-05T10:00:00Z")),
    draws,
    faults: new FaultPlan({ draws, classes: [] }),
    trace: new Trace(),
    knobs: EMBEDDED_KNOBS,
    knowsFates: false,
    hasWholeSeconds: false,
    isMixed: false,
    hasLeases: true,
  });
  const [one, other] = await Promise.all([join(simulation, "one"), join(simulation, "other")]);
  return { simulation, one, other };
}

function join(simulation: Simulation, name: string): Promise<Party> {
  return new Promise((resolve) => {
    const process = new SimProcess(simulation, {
      name,
      main(life) {
        resolve({ process, queue: simulation.ports(life).queue });
        return new Promise(() => undefined);
      },
      isRestarted: false,
    });
    process.start();
  });
}
