import { describe, expect, it } from "vitest";
import type { Job, JobChange, JobPage } from "../../api/contract/job.ts";
import type { Plan } from "../../api/contract/plan.ts";
import type { RunningRun } from "../../core/run/run.ts";
import { type RunKey, stampOf } from "../../core/run/run-id.ts";
import { ApiRig, REPORT, slugOf, START_MS } from "./api-rig.ts";

const JOBS = "/v1/namespaces/default/jobs";
const JOB = `${JOBS}/report`;

function countStatuses(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe("PUT of a job", () => {
  it("creates one that is not there, and says where and at which version", async () => {
    const rig = await ApiRig.open();

    const created = await rig.send<Job>("PUT", JOB, { body: REPORT });

    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toBe(JOB);
    expect(created.headers.get("etag")).toBe('"1"');
    expect(created.body).toEqual({
      namespace: "default",
      name: "report",
      version: 1,
      state: "active",
      definition: REPORT,
      createdAt: "2026-01-05T10:00:00.000Z",
      since: "2026-01-05T10:00:00.000Z",
      by: "root",
      nextSlotAt: "2026-01-06T02:00:00.000Z",
    });
  });

  it("changes the version that If-Match names", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const body = { ...REPORT, pool: "large" };

    const changed = await rig.send<Job>("PUT", JOB, { body, headers: { "if-match": '"1"' } });

    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe('"2"');
    expect(changed.body.definition.pool).toBe("large");
  });

  it("changes whatever version there is with If-Match *", async () => {
    const rig = await ApiRig.open();
    await rig.define();

    const changed = await rig.send("PUT", JOB, { body: { ...REPORT, pool: "large" }, headers: { "if-match": "*" } });

    expect(changed.status).toBe(200);
  });

  it("lets one of many changes of the same version win", async () => {
    const rig = await ApiRig.open();
    await rig.define();

    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        rig.send("PUT", JOB, { body: { ...REPORT, description: `${i}` }, headers: { "if-match": '"1"' } }),
      ),
    );

    expect(countStatuses(answers)).toEqual({ 200: 1, 412: 7 });
  });

  it("lets one of many creations win", async () => {
    const rig = await ApiRig.open();

    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        rig.send("PUT", JOB, { body: { ...REPORT, description: `${i}` }, headers: { "if-none-match": "*" } }),
      ),
    );

    expect(countStatuses(answers)).toEqual({ 201: 1, 412: 7 });
  });

  it("makes no version of a definition that is the same, and leaves no audit record of it", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const before = rig.dump();

    const again = await rig.send("PUT", JOB, { body: REPORT, headers: { "if-match": '"1"' } });

    expect([again.status, again.headers.get("etag")]).toEqual([200, '"1"']);
    expect(rig.dump()).toBe(before);
  });

  it("creates a deleted job anew, under a higher version", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    await rig.send("DELETE", JOB);

    const again = await rig.send<Job>("PUT", JOB, { body: REPORT });

    expect([again.status, again.body.version]).toEqual([201, 3]);
  });

  it("warns of what may not be meant", async () => {
    const rig = await ApiRig.open();

    const { body } = await rig.define({ schedule: { cron: "0 0 29 2 *" } });

    expect(body.warnings?.map(({ code }) => code)).toEqual(["rare-schedule"]);
  });

  it("checks targets as the host says, namespace by namespace", async () => {
    const limits = {
      minIntervalMs: 1_000,
      targetProblem: (url: string, namespace: string) => (namespace === "inside" ? undefined : `Cannot call ${url}`),
    };
    const rig = await ApiRig.open({}, { limits });
    const body = { ...REPORT, executor: { type: "http", url: "http://10.0.0.1/" } };

    const refused = await rig.send("PUT", JOB, { body });
    const accepted = await rig.send("PUT", "/v1/namespaces/inside/jobs/report", { body });

    expect([slugOf(refused), refused.body.errors?.[0]?.pointer]).toEqual(["url-not-allowed", "/executor/url"]);
    expect(accepted.status).toBe(201);
  });
});

describe("GET of a job", () => {
  it("answers 304 to a reader that has the version", async () => {
    const rig = await ApiRig.open();
    await rig.define();

    const statuses = await Promise.all(
      ['"1"', 'W/"1"', '"7", "1"', "*", '"2"'].map(
        async (tag) => (await rig.send("GET", JOB, { headers: { "if-none-match": tag } })).status,
      ),
    );

    expect(statuses).toEqual([304, 304, 304, 304, 200]);
  });

  it("finds earlier versions, also of a deleted job", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    await rig.send("PUT", JOB, { body: { ...REPORT, pool: "large" }, headers: { "if-match": "*" } });
    await rig.send("DELETE", JOB);

    const first = await rig.send<Job>("GET", `${JOB}?version=1`);

    expect([first.status, first.body.version, first.body.definition.pool]).toEqual([200, 1, undefined]);
    expect((await rig.send("GET", JOB)).status).toBe(404);
  });
});

async function withJobs(count: number): Promise<ApiRig> {
  const rig = await ApiRig.open();
  for (let i = 0; i < count; i += 1)
    await rig.define({ name: `job-${i}`, labels: { parity: i % 2 === 0 ? "even" : "odd" } });
  return rig;
}

async function allPages(rig: ApiRig, path: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? "" : `&cursor=${cursor}`;
    const { body } = await rig.send<JobPage>("GET", `${path}${from}`);
    pages.push(body.items.map(({ name }) => name));
    cursor = body.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe("lists of jobs", () => {
  it("gives every job once, page by page", async () => {
    const rig = await withJobs(5);

    expect((await allPages(rig, `${JOBS}?limit=2`)).flat()).toEqual(["job-0", "job-1", "job-2", "job-3", "job-4"]);
    expect((await allPages(rig, `${JOBS}?limit=1`)).flat()).toHaveLength(5);
  });

  it("keeps to a label and a state", async () => {
    const rig = await withJobs(5);
    await rig.send("POST", `${JOBS}/job-2/pause`);
    await rig.send("DELETE", `${JOBS}/job-4`);

    expect((await allPages(rig, `${JOBS}?label=parity=even&limit=1`)).flat()).toEqual(["job-0", "job-2"]);
    expect((await allPages(rig, `${JOBS}?state=paused`)).flat()).toEqual(["job-2"]);
    expect((await allPages(rig, `${JOBS}?state=deleted`)).flat()).toEqual(["job-4"]);
    expect((await allPages(rig, JOBS + "?limit=9")).flat()).not.toContain("job-4");
  });

  it("refuses a cursor that was changed in any place", async () => {
    const rig = await withJobs(3);
    const cursor = (await rig.send<JobPage>("GET", `${JOBS}?limit=1`)).body.nextCursor ?? "";

    for (let i = 0; i < cursor.length; i += 1) {
      const other = cursor[i] === "a" ? "b" : "a";
      const changed = cursor.slice(0, i) + other + cursor.slice(i + 1);
      const answer = await rig.send("GET", `${JOBS}?cursor=${encodeURIComponent(changed)}`);
      expect(`${changed} ${slugOf(answer)}`).toBe(`${changed} cursor-invalid`);
    }
  });

  it("refuses a cursor of another namespace or another listing", async () => {
    const rig = await withJobs(3);
    const cursor = (await rig.send<JobPage>("GET", `${JOBS}?limit=1`)).body.nextCursor ?? "";

    for (const path of ["/v1/namespaces/other/jobs", "/v1/namespaces/default/calendars", `${JOBS}/job-1/versions`]) {
      expect(slugOf(await rig.send("GET", `${path}?cursor=${cursor}`))).toBe("cursor-invalid");
    }
  });

  it("gives versions newest first, page by page", async () => {
    const rig = await withJobs(1);
    for (const action of ["pause", "resume", "pause"]) {
      await rig.send("POST", `${JOBS}/job-0/${action}`, { body: action === "resume" ? { missed: "now" } : {} });
    }
    const versions: number[] = [];
    let cursor = "";
    for (let page = 0; page < 4; page += 1) {
      const { body } = await rig.send<JobPage>("GET", `${JOBS}/job-0/versions?limit=1${cursor}`);
      versions.push(...body.items.map(({ version }) => version));
      cursor = `&cursor=${body.nextCursor}`;
    }

    expect(versions).toEqual([4, 3, 2, 1]);
    const all = await rig.send<JobPage>("GET", `${JOBS}/job-0/versions`);
    expect(all.body.items.map(({ state }) => state)).toEqual(["paused", "active", "paused", "active"]);
    expect(all.body.nextCursor).toBeUndefined();
  });
});

/** A run of the job `report` that a worker executes. */
async function putRunning(rig: ApiRig): Promise<RunKey> {
  const key = { namespace: "default", job: "report", stamp: stampOf(START_MS, "x") };
  const run: RunningRun = {
    ...key,
    status: "running",
    version: 1,
    cause: "manual",
    slotAtMs: START_MS,
    dueAtMs: START_MS,
    createdAtMs: START_MS,
    pool: "default",
    priority: "normal",
    epoch: 1,
    attempt: 1,
    charged: 1,
    attempts: [],
    worker: { id: "w1", pool: "default" },
    startedAtMs: START_MS,
  };
  await rig.core.runs.put(run, "absent");
  return key;
}

describe("pause, resume and delete", () => {
  it("tell whether they changed anything", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const pause = () => rig.send<JobChange>("POST", `${JOB}/pause`, { body: { note: "month end" } });
    const resume = () => rig.send<JobChange>("POST", `${JOB}/resume`, { body: { missed: "last" } });

    const answers = [await pause(), await pause(), await resume(), await resume()];

    expect(answers.map(({ body }) => [body.state, body.changed, body.version])).toEqual([
      ["paused", true, 2],
      ["paused", false, 2],
      ["active", true, 3],
      ["active", false, 3],
    ]);
    expect(answers[0]?.body).toMatchObject({ note: "month end", by: "root" });
    expect(answers[0]?.body.nextSlotAt).toBeUndefined();
  });

  it("delete a job without active runs, once and again", async () => {
    const rig = await ApiRig.open();
    await rig.define();

    expect([(await rig.send("DELETE", JOB)).status, (await rig.send("DELETE", JOB)).status]).toEqual([204, 204]);
    expect((await rig.send("GET", JOB)).status).toBe(404);
  });

  it("delete no job while its runs are active, unless they are cancelled first", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    const key = await putRunning(rig);

    expect(slugOf(await rig.send("DELETE", JOB))).toBe("job-has-active-runs");

    const deletion = rig.send("DELETE", `${JOB}?cancel=true`);
    await rig.clock.advance(400);
    const asked = await rig.core.workers.commands("w1");
    const stored = await rig.core.runs.find(key);
    if (stored?.run.status !== "running") throw new Error("Cannot end the run: it is not running");
    const { worker: _, ...run } = stored.run;
    await rig.core.runs.put({ ...run, status: "cancelled", endedAtMs: rig.clock.nowMs() }, stored.rev);
    await rig.clock.advance(400);

    expect(asked).toMatchObject([{ kind: "stop", epoch: 1 }]);
    expect((await deletion).status).toBe(204);
  });

  it("give up waiting for runs that do not end", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    await putRunning(rig);

    const deletion = rig.send("DELETE", `${JOB}?cancel=true`);
    await rig.clock.advance(25_000);

    expect(slugOf(await deletion)).toBe("job-has-active-runs");
    expect(rig.clock.sleeping).toBe(0);
  });
});

const plan = (rig: ApiRig, ...definitions: object[]) =>
  rig.send<Plan>("POST", "/v1/namespaces/default/plan", { body: { definitions } });

describe("plan", () => {
  it("tells what would be created, changed and left, and changes nothing", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    await rig.define({ name: "kept" });
    const before = rig.dump();

    const { body } = await plan(
      rig,
      { ...REPORT, schedule: { cron: "0 3 * * *" } },
      { ...REPORT, name: "kept" },
      { ...REPORT, name: "new", schedule: { at: "2026-02-01T00:00:00Z" } },
    );

    expect(body.changes.map(({ name, action, version }) => [name, action, version])).toEqual([
      ["report", "update", 1],
      ["kept", "none", 1],
      ["new", "create", undefined],
    ]);
    expect(body.changes[0]?.diff).toEqual([{ path: "/schedule/cron", from: "0 2 * * *", to: "0 3 * * *" }]);
    expect(body.changes[0]?.slotsGained[0]).toBe("2026-01-06T03:00:00.000Z");
    expect(body.changes[0]?.slotsLost[0]).toBe("2026-01-06T02:00:00.000Z");
    expect(body.changes[1]).toMatchObject({ diff: [], slotsGained: [], slotsLost: [] });
    expect(body.changes[2]?.slotsGained).toEqual(["2026-02-01T00:00:00.000Z"]);
    expect(rig.dump()).toBe(before);
  });

  it("compares schedules only as far as both were looked at", async () => {
    const rig = await ApiRig.open();
    await rig.define({ schedule: { cron: "0 * * * *" } });

    const { body } = await plan(rig, { ...REPORT, schedule: { cron: "*/30 * * * *" } });

    expect(body.changes[0]?.slotsLost).toEqual([]);
    expect(body.changes[0]?.slotsGained).toHaveLength(25);
  });

  it("accepts another definition of a job whose one instant has passed", async () => {
    const rig = await ApiRig.open();
    const schedule = { at: "2026-01-05T11:00:00Z" };
    await rig.define({ schedule });
    await rig.clock.advance(2 * 3_600_000);

    const { body } = await plan(rig, { ...REPORT, schedule, pool: "large" });

    expect(body.changes[0]).toMatchObject({ action: "update", diff: [{ path: "/pool", to: "large" }] });
  });
});
