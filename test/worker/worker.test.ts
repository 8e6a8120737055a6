import { afterEach, describe, expect, it } from "vitest";
import { cancelRun } from "../../core/services/cancel-run.ts";
import { OK } from "../support/fake-executor.ts";
import { START_MS } from "../support/world.ts";
import { advance, aWorker, endStages, takeAway, theRun, trigger } from "./stage.ts";

afterEach(endStages);

describe("a worker", () => {
  it("starts what is due at its instant, on its own clock, and not before", async () => {
    const { world, executor } = await aWorker();
    await trigger(world, [{ atMs: START_MS + 3_210 }]);
    await world.clock.advance(3_209);
    expect(executor.attempts).toHaveLength(0);
    await world.clock.advance(1);
    expect(executor.attempts).toHaveLength(1);
    executor.attempts[0]?.end({ ok: true, result: { rows: 7 }, exitCode: 0 });
    await world.clock.advance(10);

    expect(theRun(world)).toMatchObject({ status: "succeeded", result: { rows: 7 }, startedAtMs: START_MS + 3_210 });
    expect(world.queue.bodies()).toEqual([]);
  });

  it("runs no more at the same time than it has slots", async () => {
    const { world, executor } = await aWorker({ slots: 3 });
    await trigger(
      world,
      Array.from({ length: 5 }, () => ({})),
    );
    await world.clock.advance(1_000);
    expect(executor.attempts).toHaveLength(3);
    executor.attempts[0]?.end(OK);
    await world.clock.advance(5_000);

    expect(executor.attempts).toHaveLength(4);
  });

  it("gives every class of priority its share, and starves none", async () => {
    const { world, executor } = await aWorker({ slots: 1 });
    executor.immediately = OK;
    const priorities = ["bulk", "low", "normal", "high"] as const;
    await trigger(
      world,
      priorities.flatMap((priority) => Array.from({ length: 8 }, () => ({ priority }))),
    );
    await advance(world, 30_000);

    expect(world.runs("a").map(({ status }) => status)).toEqual(Array(32).fill("succeeded"));
  });

  it("keeps its message and its life while an attempt lasts", async () => {
    const { world, executor } = await aWorker();
    await trigger(world, [{}]);
    await advance(world, 120_000);
    expect(executor.attempts).toHaveLength(1);
    expect(theRun(world)).toMatchObject({ status: "running", attempt: 1 });
    executor.attempts[0]?.end(OK);
    await world.clock.advance(1_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 1 });
  });

  it("stops an attempt that is cancelled, and says what became of it", async () => {
    const { world, executor } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    await cancelRun(world.core, theRun(world), { by: "ann", graceMs: 77 });
    await world.clock.advance(1_500);

    expect(executor.attempts[0]?.stopped()).toEqual({ kind: "cancel", graceMs: 77 });
    expect(theRun(world)).toMatchObject({ status: "cancelled", stop: { confirmed: true, evidence: "gone" } });
  });

  it("forgets a command for a run that it does not have", async () => {
    const { world } = await aWorker();
    await world.core.workers.command("real", { kind: "stop", runId: "default.a@x", epoch: 1, graceMs: 0 });
    await world.clock.advance(3_000);

    expect(await world.core.workers.commands("real")).toEqual([]);
  });

  it.each([
    { what: "runs too long", kind: "timeout", timeouts: { run: "5s", grace: "2s" }, error: "TIMEOUT" },
    { what: "is silent too long", kind: "heartbeatTimeout", timeouts: { heartbeat: "5s" }, error: "HEARTBEAT_TIMEOUT" },
  ] as const)("stops an attempt that $what", async ({ kind, timeouts, error }) => {
    const { world, executor } = await aWorker({}, { timeouts });
    await trigger(world, [{}]);
    await world.clock.advance(4_900);
    expect(executor.attempts[0]?.stopped()).toBeUndefined();
    await world.clock.advance(2_000);

    expect(executor.attempts[0]?.stopped()?.kind).toBe(kind);
    expect(theRun(world)).toMatchObject({ status: "timedOut", error: { name: error } });
  });

  it("takes a sign of life for one", async () => {
    const { world, executor } = await aWorker({}, { timeouts: { heartbeat: "5s" } });
    await trigger(world, [{}]);
    for (let i = 0; i < 10; i += 1) {
      await world.clock.advance(3_000);
      executor.attempts[0]?.io.progress({ step: i });
    }
    await world.clock.advance(2_000);

    expect(theRun(world)).toMatchObject({ status: "running", progress: { step: 9 } });
  });

  it("tells an attempt that has been taken from it to stop, and its result changes nothing", async () => {
    const { world, executor } = await aWorker();
    executor.stubborn = true;
    await trigger(world, [{}]);
    await world.clock.advance(500);
    await takeAway(world);
    executor.attempts[0]?.io.progress(1);
    await world.clock.advance(1_500);
    expect(executor.attempts[0]?.stopped()?.kind).toBe("fenced");
    executor.attempts[0]?.end(OK);
    await world.clock.advance(100);

    expect(theRun(world)).toMatchObject({ status: "running", attempt: 2, worker: { id: "other" } });
  });

  it("offers a result again that could not be stored, and the run ends with it", async () => {
    const { world, executor, faults } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    let failures = 0;
    faults.plan = (_, name) => (name === "table.put" && (failures += 1) <= 6 ? "unavailable" : undefined);
    executor.attempts[0]?.end(OK);
    await advance(world, 60_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(executor.attempts).toHaveLength(1);
    expect(world.queue.bodies()).toEqual([]);
  });

  it("does not keep a run whose claim it never learned of", async () => {
    const { world, executor, faults } = await aWorker();
    world.schedulers.push(world.process());
    faults.plan = (_, name) => {
      const isClaim = name === "table.put" && theRun(world).status === "queued";
      if (isClaim) faults.plan = () => undefined;
      return isClaim ? "unknown" : undefined;
    };
    await trigger(world, [{}]);
    executor.immediately = OK;
    await advance(world, 90_000);

    expect(theRun(world)).toMatchObject({ status: "succeeded", charged: 0 });
    expect(theRun(world).attempts.at(-1)?.outcome).toBe("succeeded");
  });

  it("executes a run once though its message comes twice", async () => {
    const { world, executor } = await aWorker();
    world.queue.fate = () => "double";
    await trigger(world, [{}]);
    await advance(world, 30_000);
    expect(executor.attempts).toHaveLength(1);
    executor.attempts[0]?.end(OK);
    await advance(world, 10_000);

    expect(executor.attempts).toHaveLength(1);
    expect(world.queue.bodies()).toEqual([]);
  });

  it("leaves a message that it can't read to become a dead letter, and tells", async () => {
    const { world, errors } = await aWorker();
    await world.queue.send("default.normal", [{ body: "[]", group: "g", delayMs: 0 }]);
    await advance(world, 120_000);

    expect(await world.queue.deadLetters("default.normal", 10)).toHaveLength(1);
    expect(String(errors[0])).toContain("not a run message");
  });

  it("fails a run whose macros can't be expanded, and does not try again", async () => {
    const executor = { type: "command" as const, argv: ["echo", "{{parameters.missing}}"] };
    const { world } = await aWorker({}, { executor, retry: { maxAttempts: 5 } });
    await trigger(world, [{}]);
    await advance(world, 10_000);

    expect(theRun(world)).toMatchObject({ status: "failed", attempt: 1 });
  });

  it("writes what the attempt says before the run ends, without waiting for more", async () => {
    const { world, executor, lines } = await aWorker();
    await trigger(world, [{}]);
    await world.clock.advance(500);
    executor.attempts[0]?.io.log("stdout", "one");
    executor.attempts[0]?.io.log("stderr", "two");
    executor.attempts[0]?.end(OK);
    await world.clock.advance(0);

    expect(lines).toEqual(["1 one", "1 two", "1 closed"]);
    expect(theRun(world).status).toBe("succeeded");
  });
});

describe("a worker that drains", () => {
  it("lets what has begun end, takes nothing more, and says good-bye", async () => {
    const { world, executor, worker, done } = await aWorker({ slots: 1 });
    await trigger(world, [{}, {}]);
    await world.clock.advance(1_000);
    worker.drain();
    await world.clock.advance(1_000);
    executor.attempts[0]?.end(OK);
    await world.clock.advance(1_000);
    await done;

    expect(executor.attempts).toHaveLength(1);
    expect(
      world
        .runs("a")
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["queued", "succeeded"]);
    expect((await world.core.workers.find("default", "real"))?.state).toBe("gone");
    expect(await world.queue.depth("default.normal")).toMatchObject({ visible: 1 });
  });

  it("hands back what lasts too long, without charge", async () => {
    const { world, executor, worker, done } = await aWorker({ drainMs: 10_000 });
    await trigger(world, [{}]);
    await world.clock.advance(1_000);
    worker.drain();
    await world.clock.advance(9_000);
    expect(executor.attempts[0]?.stopped()).toBeUndefined();
    await world.clock.advance(2_000);
    await done;

    expect(executor.attempts[0]?.stopped()?.kind).toBe("drain");
    expect(theRun(world)).toMatchObject({ status: "queued", charged: 0, attempts: [{ outcome: "drained" }] });
  });

  it("hands back also what was being claimed when its time was over", async () => {
    const { world, executor, worker, done } = await aWorker({ drainMs: 0 });
    await trigger(world, [{}]);
    worker.drain();
    await world.clock.advance(5_000);
    await done;

    expect(executor.attempts.every((attempt) => attempt.stopped()?.kind === "drain")).toBe(true);
    expect(theRun(world).status).toBe("queued");
  });

  it("drains when it is told to by command", async () => {
    const { world, done } = await aWorker();
    await world.core.workers.command("real", { kind: "drain" });
    await world.clock.advance(3_000);
    await done;

    expect((await world.core.workers.find("default", "real"))?.state).toBe("gone");
  });
});

describe("a worker that retires", () => {
  it("lets what has begun end however long it takes, takes nothing more, and says good-bye", async () => {
    const { world, executor, worker, done } = await aWorker({ slots: 1, drainMs: 10_000 });
    await trigger(world, [{}, {}]);
    await world.clock.advance(1_000);
    worker.retire();
    await advance(world, 600_000);
    expect(executor.attempts.map((attempt) => attempt.stopped())).toEqual([undefined]);
    expect((await world.core.workers.find("default", "real"))?.state).toBe("draining");
    expect(await world.queue.depth("default.normal")).toMatchObject({ visible: 1 });
    executor.attempts[0]?.end(OK);
    await world.clock.advance(1_000);
    await done;

    expect(executor.attempts).toHaveLength(1);
    expect(
      world
        .runs("a")
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["queued", "succeeded"]);
    expect((await world.core.workers.find("default", "real"))?.state).toBe("gone");
  });

  it("ends at once when it has nothing in hand", async () => {
    const { world, worker, done } = await aWorker();
    worker.retire();
    await world.clock.advance(1_000);
    await done;

    expect((await world.core.workers.find("default", "real"))?.state).toBe("gone");
  });

  it("drains in time when it is told to meanwhile", async () => {
    const { world, executor, worker, done } = await aWorker({ drainMs: 10_000 });
    await trigger(world, [{}]);
    await world.clock.advance(1_000);
    worker.retire();
    await advance(world, 60_000);
    worker.drain();
    await world.clock.advance(9_000);
    expect(executor.attempts[0]?.stopped()).toBeUndefined();
    await world.clock.advance(2_000);
    await done;

    expect(executor.attempts[0]?.stopped()?.kind).toBe("drain");
    expect(theRun(world)).toMatchObject({ status: "queued", charged: 0, attempts: [{ outcome: "drained" }] });
  });
});
