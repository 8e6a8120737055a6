import { describe, expect, it } from "vitest";
import { FaultPlan } from "../faults/fault-plan.ts";
import { Kernel } from "./kernel.ts";
import { KeyedDraws } from "./keyed-draws.ts";
import { Life } from "./life.ts";
import { Trace } from "./trace.ts";
import { withTripwires } from "./tripwires.ts";

const EPOCH_MS = Date.UTC(2026, 0, 5);

describe("Kernel", () => {
  it("lets events happen in the order of their instants, equal ones as they were asked for", async () => {
    const kernel = new Kernel(EPOCH_MS);
    const happened: string[] = [];
    kernel.in(20, () => happened.push("c"));
    kernel.in(10, () => happened.push("a"));
    kernel.in(10, () => happened.push("b"));

    await kernel.runUntil(15);
    expect([happened.join(""), kernel.nowMs]).toEqual(["ab", 15]);
    await kernel.runUntil(30);
    expect(happened.join("")).toBe("abc");
  });

  it("lets every promise reaction of an event happen before the next event", async () => {
    const kernel = new Kernel(EPOCH_MS);
    const happened: number[] = [];
    kernel.in(1, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => happened.push(kernel.nowMs));
    });
    kernel.in(2, () => happened.push(kernel.nowMs));

    await kernel.runUntil(5);
    expect(happened).toEqual([1, 2]);
  });

  it("starts what was begun before the first event", async () => {
    const kernel = new Kernel(EPOCH_MS);
    let begunMs: number | undefined;
    void Promise.resolve().then(() => (begunMs = kernel.nowMs));
    kernel.in(3_600_000, () => undefined);

    await kernel.runUntil(3_600_000);
    expect(begunMs).toBe(0);
  });
});

describe("Life", () => {
  it("answers a call after it has taken effect", async () => {
    const { kernel, life } = aLife();
    const effects: number[] = [];
    let answeredMs = 0;
    void life.call("table.put", "a", () => effects.push(kernel.nowMs)).then(() => (answeredMs = kernel.nowMs));

    await kernel.runUntil(100);
    expect(effects).toHaveLength(1);
    expect(answeredMs).toBeGreaterThanOrEqual(effects[0] ?? Infinity);
  });

  it("carries out what was on its way when the process died, and answers nobody", async () => {
    const { kernel, life } = aLife();
    let isDone = false;
    let isAnswered = false;
    void life.call("table.put", "a", () => (isDone = true)).then(() => (isAnswered = true));
    life.kill("test");

    await kernel.runUntil(1_000);
    expect([isDone, isAnswered]).toEqual([true, false]);
  });

  it("holds answers and timers back while the process is frozen, and keeps their order", async () => {
    const { kernel, life } = aLife();
    const woken: string[] = [];
    void life.clock.sleep(10).then(() => woken.push(`first ${kernel.nowMs}`));
    void life.clock.sleep(20).then(() => woken.push(`second ${kernel.nowMs}`));
    life.freeze(50);

    await kernel.runUntil(49);
    expect(woken).toEqual([]);
    await kernel.runUntil(60);
    expect(woken).toEqual(["first 50", "second 50"]);
  });
});

describe("withTripwires()", () => {
  it.each<[string, () => unknown]>([
    ["setTimeout", () => setTimeout(() => undefined, 0)],
    ["now", () => Date.now()],
    ["new Date()", () => new Date()],
    ["now", () => performance.now()],
    ["random", () => Math.random()],
    ["randomUUID", () => crypto.randomUUID()],
  ])("ends a history that used %s, also one that caught what came of it", async (name, use) => {
    const history = withTripwires(() =>
      Promise.resolve()
        .then(use)
        .catch(() => undefined),
    );

    await expect(history).rejects.toThrow(`Cannot use ${name} in a simulated history`);
  });

  it("leaves dates of given instants alone, and puts everything back", async () => {
    const { Date: before } = globalThis;

    const text = await withTripwires(() => Promise.resolve(new Date(0).toISOString()));

    expect(text).toBe("1970-01-01T00:00:00.000Z");
    expect(Date).toBe(before);
    expect(Date.now() + performance.now() + Math.random()).toBeGreaterThan(0);
    expect(Object.hasOwn(performance, "now")).toBe(false);
  });
});

describe("KeyedDraws", () => {
  it("draws the same for the same name, whatever was drawn before", () => {
    const [first, second] = [new KeyedDraws(7), new KeyedDraws(7)];
    second.draw("something else");

    expect(second.draw("a")).toBe(first.draw("a"));
    expect(new KeyedDraws(8).draw("a")).not.toBe(first.draw("a"));
  });

  it("draws evenly", () => {
    const draws = new KeyedDraws(1);
    const values = Array.from({ length: 10_000 }, (_, index) => draws.draw(`${index}`));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;

    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(values.filter((value) => value < 0.01).length).toBeGreaterThan(50);
  });
});

function aLife() {
  const kernel = new Kernel(EPOCH_MS);
  const faults = new FaultPlan({ draws: new KeyedDraws(1), classes: [] });
  const life = new Life({
    kernel,
    faults,
    trace: new Trace(),
    name: "test",
    wallOffsetMs: () => 0,
    onDeath: () => undefined,
  });
  return { kernel, life };
}
