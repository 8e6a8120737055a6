import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";
import { BodyTools, command, NAMESPACE } from "./body-tools.ts";

const EACH_SECOND = { schedule: { cron: "* * * * * *" }, overlap: "allow" } as const;

describe.each(BODIES)("faults of the $name body", { timeout: 60_000 }, ({ start }) => {
  let body: Body;
  const tools = new BodyTools(() => body);

  beforeAll(async () => {
    body = await start();
  });

  afterAll(async () => {
    await body.stop();
  });

  /** Lets slots fire from now on until `least` have, and gives the ledger of that time. */
  async function watch(job: string, least: number) {
    const from = new Date().toISOString();
    await tools.fired(job, from, least);
    await body.client.jobs.pause({ namespace: NAMESPACE, job });
    return tools.ledger(job, { from, to: await tools.since(job) });
  }

  it("with three schedulers at once each slot fires once", async () => {
    const names = ["crowd-a", "crowd-b", "crowd-c"];
    const disperse = await body.crowdScheduler();
    for (const name of names) await tools.define(name, EACH_SECOND);

    const ledgers = await Promise.all(names.map((name) => watch(name, 6)));

    await disperse();
    for (const ledger of ledgers) {
      expect(ledger).toMatchObject({ fired: ledger.expected, skippedTotal: 0, unexplained: 0 });
      expect(ledger.attempts).toBe(ledger.fired);
    }
  });

  it("what a killed worker held runs on another one", async () => {
    const run = await tools.runOnce("held", { executor: command("sleep", "2") });

    await eventually(async () => ((await body.client.runs.get(run.id)).status === "running" ? true : undefined));
    body.killWorker(await tools.workerOf(run.id));

    const end = await tools.ended(run.id);
    expect(end.status).toBe("succeeded");
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(["lost", "succeeded"]);
  });

  it("a scheduler that ends in the midst of its work loses nothing and doubles nothing", async () => {
    await tools.define("steady", EACH_SECOND);
    await tools.fired("steady", await tools.since("steady"), 1);
    const at = new Date(Date.now() + 5_000).toISOString();
    const delayed = await tools.runOnce("later", {}, { at });
    const from = new Date().toISOString();

    await body.crashScheduler();

    const ledger = await watch("steady", 5);
    expect(ledger).toMatchObject({ fired: ledger.expected, skippedTotal: 0, unexplained: 0 });
    expect(ledger.attempts).toBe(ledger.fired);
    const before = await tools.ledger("steady", { from, to: ledger.from });
    expect(before).toMatchObject({ fired: before.expected, skippedTotal: 0, unexplained: 0 });
    expect((await tools.ended(delayed.id)).status).toBe("succeeded");
  });

  it("a message that nobody can read holds up none of the others", async () => {
    const unreadable = { body: "no message of ours", group: NAMESPACE, delayMs: 0 };
    await body.queue.send("default.bulk", [unreadable]);

    const run = await tools.runOnce("unhindered", { priority: "bulk" });

    expect((await tools.ended(run.id)).status).toBe("succeeded");
    // The run's own message goes a moment after its end; the unreadable one stays.
    await eventually(async () => {
      const { visible, inFlight } = await body.queue.depth("default.bulk");
      return visible + inFlight === 1 ? true : undefined;
    });
  });

  it("nothing is left unexplained", async () => {
    await eventually(async () => {
      const to = new Date().toISOString();
      const ledger = await body.client.jobs.ledger({ namespace: NAMESPACE, job: "steady" }, { to });
      return ledger.pending === 0 ? true : undefined;
    });
    expect(await tools.unexplained()).toEqual([]);
  });
});
