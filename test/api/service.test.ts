import { describe, expect, it } from "vitest";
import type { Preview } from "../../api/contract/preview.ts";
import type { CalendarEdition } from "../../api/contract/calendar.ts";
import type { Why } from "../../api/contract/why.ts";
import type { Readiness } from "../../api/contract/health.ts";
import type { DeadLetter, Pool, Queue, Worker } from "../../api/contract/pool.ts";
import type { HostHealth } from "../../api/api-deps.ts";
import { PortError } from "../../core/ports/errors.ts";
import { ApiRig, REPORT, slugOf, START_MS } from "./api-rig.ts";

const CALENDAR = "/v1/namespaces/default/calendars/holidays";

describe("health", () => {
  it("is told to anybody", async () => {
    const rig = await ApiRig.open();
    const alive = await rig.send("GET", "/healthz", { token: null });
    const ready = await rig.send<Readiness>("GET", "/readyz", { token: null });

    expect([alive.status, alive.body]).toEqual([200, { status: "ok" }]);
    expect([ready.status, ready.body]).toEqual([
      200,
      { status: "ready", scheduler: { shards: 2, lastRoundAgeMs: 12 }, store: "ok" },
    ]);
  });

  it("is bad when no scheduler works", async () => {
    const idle: HostHealth = { ready: false, scheduler: { shards: [], lastRoundAgeMs: Infinity } };
    const rig = await ApiRig.open({}, { health: async () => idle });

    const { status, body } = await rig.send<Readiness>("GET", "/readyz", { token: null });

    expect([status, body]).toEqual([503, { status: "notReady", scheduler: { shards: 0 }, store: "ok" }]);
  });

  it("is bad when the store takes no writes, and good again when it does", async () => {
    const rig = await ApiRig.open();
    rig.faults.plan = (_number, name) => (name === "table.put" ? "unavailable" : undefined);
    const bad = await rig.send<Readiness>("GET", "/readyz", { token: null });
    rig.faults.plan = () => undefined;
    await rig.clock.advance(1_000);

    expect([bad.status, bad.body.store]).toEqual([503, "failing"]);
    expect((await rig.send("GET", "/readyz", { token: null })).status).toBe(200);
  });

  it("touches the store at most once a second", async () => {
    const rig = await ApiRig.open();
    for (let i = 0; i < 50; i += 1) await rig.send("GET", "/readyz", { token: null });

    expect(rig.faults.calls).toBe(2);
  });
});

describe("metrics", () => {
  it("need a token, unless they are open", async () => {
    const [closed, open] = [await ApiRig.open(), await ApiRig.open({ openMetrics: true })];

    expect((await closed.send("GET", "/metrics", { token: null })).status).toBe(401);
    expect((await closed.send("GET", "/metrics", { headers: { accept: "text/plain" } })).text).toBe("runs_total 1\n");
    expect((await open.send("GET", "/metrics", { token: null })).text).toBe("runs_total 1\n");
    expect((await open.send("GET", "/v1/pools", { token: null })).status).toBe(401);
  });
});

const ask = async (error: Error) => {
  const rig = await ApiRig.open();
  const token = await rig.token("viewer");
  await rig.send("GET", "/v1/whoami", { token });
  rig.core.jobs.find = async () => {
    throw error;
  };
  return { rig, answer: await rig.send("GET", "/v1/namespaces/default/jobs/report", { token }) };
};

describe("failures of the store", () => {
  it.each([
    ["UNAVAILABLE", 503, "unavailable", "1"],
    ["THROTTLED", 503, "unavailable", "1"],
    ["UNKNOWN_OUTCOME", 503, "unavailable", "1"],
    ["STORAGE_FULL", 507, "storage-full", null],
    ["INVALID", 500, "internal", null],
  ] as const)("%s is answered with %i", async (code, status, slug, retryAfter) => {
    const { answer } = await ask(new PortError(code, "the disk at /secret/path"));

    expect([answer.status, slugOf(answer), answer.headers.get("retry-after")]).toEqual([status, slug, retryAfter]);
    expect(answer.text).not.toContain("secret");
  });

  it.each(["UNAVAILABLE", "THROTTLED", "UNKNOWN_OUTCOME", "STORAGE_FULL"] as const)(
    "%s of a queue, after what it is to ring for has been recorded, leaves the outcome open",
    async (code) => {
      const rig = await ApiRig.open();
      await rig.send("PUT", "/v1/namespaces/default/jobs/report", { body: REPORT, headers: { "if-none-match": "*" } });
      rig.core.queue.send = async () => {
        throw new PortError(code, "the disk at /secret/path");
      };

      const path = "/v1/namespaces/default/jobs/report/runs";
      const answer = await rig.send("POST", path, { headers: { "idempotency-key": "k" } });

      expect([answer.status, slugOf(answer), answer.headers.get("retry-after")]).toEqual([503, "unavailable", "1"]);
      expect(answer.body.detail).toContain("may or may not");
      const { body } = await rig.send<{ items: object[] }>("GET", path);
      expect(body.items).toHaveLength(1);
    },
  );

  it("of an unknown kind give an id and no detail; the log has both", async () => {
    const { rig, answer } = await ask(new Error("password is hunter2"));

    expect([answer.status, slugOf(answer)]).toEqual([500, "internal"]);
    expect(answer.text).not.toContain("hunter2");
    const failure = rig.events.find(({ event }) => event === "failure");
    expect(failure).toMatchObject({ requestId: answer.body.instance, error: expect.stringContaining("hunter2") });
  });
});

describe("the log of requests", () => {
  it("has one event for each, without secrets", async () => {
    const rig = await ApiRig.open();
    await rig.send("GET", "/v1/namespaces/default/jobs/none?x=1", { headers: { "x-test-address": "192.0.2.7" } });

    expect(rig.events).toEqual([
      {
        event: "request",
        requestId: expect.any(String),
        method: "GET",
        path: "/v1/namespaces/default/jobs/none",
        operation: "getJob",
        status: 422,
        durationMs: 0,
        tokenId: "root",
        ip: "192.0.2.7",
        problem: "query-invalid",
      },
    ]);
  });
});

const put = (rig: ApiRig, exclude: string[], headers = {}) =>
  rig.send<CalendarEdition>("PUT", CALENDAR, { body: { name: "holidays", exclude }, headers });

describe("calendars", () => {
  it("are created, changed by edition, and move the jobs that use them", async () => {
    const rig = await ApiRig.open();
    const created = await put(rig, ["2026-12-25"]);
    await rig.define({ schedule: { cron: "0 2 * * *", calendars: ["holidays"] } });
    const changed = await put(rig, ["2026-01-06"], { "if-match": '"1"' });
    const same = await put(rig, ["2026-01-06"], { "if-match": '"2"' });

    expect([created.status, created.headers.get("etag")]).toEqual([201, '"1"']);
    expect([changed.status, changed.headers.get("etag"), changed.body.movedJobs]).toEqual([200, '"2"', ["report"]]);
    expect([same.status, same.body.edition, same.body.movedJobs]).toEqual([200, 2, []]);
    const { body } = await rig.send<{ nextSlotAt: string }>("GET", "/v1/namespaces/default/jobs/report");
    expect(body.nextSlotAt).toBe("2026-01-07T02:00:00.000Z");
  });

  it("are changed only by who has seen them", async () => {
    const rig = await ApiRig.open();
    await put(rig, ["2026-12-25"]);

    expect((await put(rig, [])).status).toBe(428);
    expect((await put(rig, [], { "if-match": '"7"' })).status).toBe(412);
    expect((await put(rig, [], { "if-none-match": "*" })).status).toBe(412);
    expect((await rig.send("GET", CALENDAR, { headers: { "if-none-match": '"1"' } })).status).toBe(304);
    const list = await rig.send<{ items: CalendarEdition[] }>("GET", "/v1/namespaces/default/calendars");
    expect(list.body.items.map(({ name, edition }) => [name, edition])).toEqual([["holidays", 1]]);
  });
});

const preview = (rig: ApiRig, body: object) => rig.send<Preview>("POST", "/v1/preview", { body });

describe("preview", () => {
  it("begins with `from` itself and tells what the clock change does", async () => {
    const rig = await ApiRig.open();
    const schedule = { cron: "30 2 * * *", timezone: "America/New_York" };

    const { body } = await preview(rig, { schedule, from: "2026-03-07T07:30:00Z", count: 2 });

    expect(body.slots).toEqual([
      { at: "2026-03-07T07:30:00.000Z", local: "2026-03-07T02:30:00-05:00" },
      { at: "2026-03-08T07:00:00.000Z", local: "2026-03-08T03:00:00-04:00", note: "dst-gap" },
    ]);
    expect(body.warnings.map(({ code }) => code)).toEqual(["dst-gap"]);
    expect(body.ended).toBe(false);
  });

  it("shows the jitter and the calendars of an existing job", async () => {
    const rig = await ApiRig.open();
    await rig.send("PUT", CALENDAR, { body: { name: "holidays", exclude: ["2026-01-06"] } });
    const schedule = { cron: "0 2 * * *", jitter: "1h", calendars: ["holidays"] };
    await rig.define({ schedule });
    const before = rig.dump();

    const { body } = await preview(rig, { schedule, count: 1, namespace: "default", job: "report" });

    const slot = (await rig.core.jobs.find("default", "report"))?.compiled.schedule.at(
      Date.parse("2026-01-07T02:00:00Z"),
    );
    expect(body.slots[0]?.dueAt).toBe(new Date(slot?.dueAtMs ?? 0).toISOString());
    expect(body.leftOut[0]).toMatchObject({ at: "2026-01-06T02:00:00.000Z", reason: "calendar" });
    expect(rig.dump()).toBe(before);
  });
});

describe("pools", () => {
  it("tell their workers and queues, and take requests to drain and redrive", async () => {
    const rig = await ApiRig.open();
    await rig.core.workers.put({
      id: "w1",
      pool: "default",
      state: "ready",
      slots: 4,
      running: ["default.report@x"],
      startedAtMs: START_MS,
      beat: 1,
      process: { host: "h", pid: 7 },
    });
    await rig.define(REPORT);
    await rig.send("POST", "/v1/namespaces/default/jobs/report/runs");

    const pools = await rig.send<{ items: Pool[] }>("GET", "/v1/pools");
    const workers = await rig.send<{ items: Worker[] }>("GET", "/v1/pools/default/workers");
    const queues = await rig.send<{ items: Queue[] }>("GET", "/v1/pools/default/queues");
    const drained = await rig.send("POST", "/v1/workers/default/w1/drain");

    expect(pools.body.items).toEqual([{ name: "default", workers: 1, slots: 4, running: 1 }]);
    expect(workers.body.items[0]).toMatchObject({ id: "w1", state: "ready", host: "h", pid: 7 });
    expect(queues.body.items.find(({ priority }) => priority === "normal")?.visible).toBe(1);
    expect([drained.status, await rig.core.workers.commands("w1")]).toEqual([202, [{ kind: "drain" }]]);
  });

  it("show dead letters with the runs that they name, and put them back", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const { body: run } = await rig.send<{ id: string }>("POST", "/v1/namespaces/default/jobs/report/runs");
    for (let i = 0; i < 21; i += 1) {
      await rig.queue.receive("default.normal", { max: 1, waitMs: 0, visibilityMs: 1 });
      await rig.clock.advance(10);
    }
    const path = "/v1/pools/default/queues/normal/dead-letters";

    const letters = await rig.send<{ items: DeadLetter[] }>("GET", path);
    const redriven = await rig.send("POST", `${path}/redrive`);

    expect(letters.body.items).toMatchObject([{ namespace: "default", runId: run.id }]);
    expect(redriven.body).toEqual({ redriven: 1 });
  });
});

describe("the platform", () => {
  it("is paused and resumed by an admin of all namespaces, on record, and again without a change", async () => {
    const rig = await ApiRig.open();
    expect((await rig.send("GET", "/v1/platform")).body).toEqual({ dispatching: true });
    await rig.define();
    const once = await rig.send("POST", "/v1/platform/pause", { body: { note: "moving house" } });
    const twice = await rig.send("POST", "/v1/platform/pause");
    const paused = { dispatching: false, pausedAt: new Date(START_MS).toISOString(), note: "moving house" };
    expect([once.status, once.body]).toMatchObject([200, paused]);
    expect(twice.body).toEqual(once.body);
    expect((await rig.send("GET", "/v1/platform")).body).toEqual(once.body);
    const why = await rig.send<Why>("GET", "/v1/namespaces/default/jobs/report/why");
    expect(why.body.constraints[0]).toMatchObject({ code: "platformPaused" });
    expect((await rig.send("POST", "/v1/platform/resume")).body).toEqual({ dispatching: true });
  });

  it("is left alone by an operator", async () => {
    const rig = await ApiRig.open();
    const token = await rig.token("operator");
    const refused = await rig.send("POST", "/v1/platform/pause", { token });
    expect([refused.status, slugOf(refused)]).toEqual([403, "forbidden"]);
    expect((await rig.send("GET", "/v1/platform")).body).toEqual({ dispatching: true });
  });
});
