import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";
import { BodyTools, NAMESPACE } from "./body-tools.ts";

const EACH_SECOND = { schedule: { cron: "* * * * * *" }, overlap: "allow" } as const;
const AGO_MS = 3_600_000;
/** Of a start on a machine that does much else. */
const PUNCTUAL_MS = 1_000;

describe.each(BODIES)("schedules on the $name body", ({ start }) => {
  let body: Body;
  const tools = new BodyTools(() => body);

  beforeAll(async () => {
    body = await start();
  });

  afterAll(async () => {
    await body.stop();
  });

  it("fire each second, each slot once, and start on time", async () => {
    await tools.define("beat", EACH_SECOND);
    const from = await tools.since("beat");
    await tools.fired("beat", from, 4);

    await body.client.jobs.pause({ namespace: NAMESPACE, job: "beat" });

    const to = await tools.since("beat");
    const ledger = await tools.ledger("beat", { from, to });
    expect(ledger).toMatchObject({ fired: ledger.expected, skippedTotal: 0, unexplained: 0 });
    expect(ledger.attempts).toBe(ledger.fired);
    expect(ledger.lateness?.p50Ms).toBeLessThan(PUNCTUAL_MS);
  });

  it.each(["now", "last", "all"] as const)("after a pause go on as asked: %s", async (missed) => {
    const name = `paused-${missed}`;
    await tools.define(name, EACH_SECOND);
    await body.client.jobs.pause({ namespace: NAMESPACE, job: name });
    const from = await tools.since(name);
    await eventually(async () => (Date.now() > Date.parse(from) + 3_000 ? true : undefined));

    await body.client.jobs.resume({ namespace: NAMESPACE, job: name }, { missed });

    const range = { from, to: await tools.since(name) };
    const { expected } = await tools.ledger(name, range);
    const fired = { now: 0, last: 1, all: expected }[missed];
    expect(expected).toBeGreaterThanOrEqual(2);
    // The row of a slot that fires after all comes a moment after the resumption.
    const ledger = await eventually(async () => {
      const summary = await tools.ledger(name, range);
      return summary.fired === fired ? summary : undefined;
    });
    expect(ledger).toMatchObject({ skippedTotal: expected - fired, unexplained: 0 });
    await body.client.jobs.pause({ namespace: NAMESPACE, job: name });
  });

  it("fire at one instant", async () => {
    const at = new Date(Date.now() + 2_000).toISOString();
    await tools.define("once", { schedule: { at } });

    const run = await eventually(async () => (await tools.runs("once")).find(({ endedAt }) => endedAt !== undefined));

    expect(run).toMatchObject({ status: "succeeded", cause: "slot", slotAt: at });
    expect(Date.parse(run.startedAt ?? "") - Date.parse(at)).toBeGreaterThanOrEqual(0);
  });

  it("run slots from before the job was defined, on request", async () => {
    await tools.define("hourly", { schedule: { cron: "0 */10 * * * *" } });
    const to = new Date(Date.now() - AGO_MS);
    const from = new Date(to.getTime() - AGO_MS);

    const backfill = await body.client.backfills.start(
      { namespace: NAMESPACE, job: "hourly" },
      { from: from.toISOString(), to: to.toISOString(), concurrency: 2 },
    );

    expect(backfill.total).toBe(6);
    const runs = await eventually(async () => {
      const found = await tools.runs("hourly");
      const done = found.filter(({ cause, status }) => cause === "backfill" && status === "succeeded");
      return done.length === 6 ? done : undefined;
    });
    expect(new Set(runs.map(({ slotAt }) => slotAt)).size).toBe(6);
  });

  it("stop with their job", async () => {
    await tools.define("brief", EACH_SECOND);
    await tools.fired("brief", await tools.since("brief"), 1);

    await body.client.jobs.delete({ namespace: NAMESPACE, job: "brief" }, { cancel: true });

    expect(await body.client.jobs.find({ namespace: NAMESPACE, job: "brief" })).toBeUndefined();
  });

  it("leave nothing unexplained", async () => {
    expect(await tools.unexplained()).toEqual([]);
  });
});
