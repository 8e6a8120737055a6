import { describe, expect, it } from "vitest";
import { formatRunId } from "../../core/run/run-id.ts";
import type { Run } from "../../core/run/run.ts";
import { ApiRig, REPORT, type SendOptions } from "./api-rig.ts";

const JOBS = "/v1/namespaces/default/jobs";
const CALENDAR = "/v1/namespaces/default/calendars/holidays";
/** Each slot of it is near, so a change of it is taken up at once. */
const BUSY = { ...REPORT, schedule: { every: "5s" } };
const OBSERVED = { ...BUSY, schedule: { cron: "* * * * *", calendars: ["holidays"] } };

interface Change {
  readonly prepare?: (rig: ApiRig) => Promise<unknown>;
  readonly request:
    | readonly [method: string, path: string, options?: SendOptions]
    | ((rig: ApiRig) => ReturnType<ApiRig["send"]>);
}

const CHANGES: Readonly<Record<string, Change>> = {
  "creation of a job": { request: ["POST", JOBS, { body: { ...BUSY, name: "new" } }] },
  "edit of a job": {
    request: [
      "PUT",
      `${JOBS}/report`,
      { body: { ...BUSY, schedule: { every: "7s" } }, headers: { "if-match": '"1"' } },
    ],
  },
  "pause of a job": { request: ["POST", `${JOBS}/report/pause`] },
  "resumption of a job": {
    prepare: (rig) => rig.send("POST", `${JOBS}/report/pause`),
    request: ["POST", `${JOBS}/report/resume`, { body: { missed: "now" } }],
  },
  "cancellation of a run": {
    prepare: (rig) => trigger(rig, 1),
    request: (rig) => rig.send("POST", `/v1/runs/${encodeURIComponent(runOf(rig))}/cancel`),
  },
  "deletion of a job": {
    prepare: (rig) => trigger(rig, 3),
    request: ["DELETE", `${JOBS}/report?cancel=true`, { headers: { "if-match": "*" } }],
  },
  "batch of runs": { request: ["POST", `${JOBS}/report/runs`, { body: { requests: [{}, {}, {}] } }] },
};

describe("a disk that fills up in the middle of a change", () => {
  it.each(Object.keys(CHANGES))(
    "is never answered as if nothing had been done when something was: %s",
    async (name) => {
      const statuses: number[] = [];
      for (let writes = 0; writes < 16; writes += 1) {
        const { status, isChanged, events } = await changeWithRoomFor(writes, CHANGES[name]);
        statuses.push(status);
        if (status === 507) expect([writes, isChanged]).toEqual([writes, false]);
        else if (status !== 503) expect([writes, status < 300, isChanged]).toEqual([writes, true, true]);
        if (status < 300) expect(events).toContainEqual(expect.stringMatching(/^audited$|^auditLost$/));
      }
      expect([statuses[0], (statuses.at(-1) ?? 500) < 300]).toEqual([507, true]);
    },
  );

  it.each(["edit of a job", "resumption of a job"])("puts off what follows, and tells the log: %s", async (name) => {
    const events: string[] = [];
    for (let writes = 0; writes < 16; writes += 1) {
      const told = await changeWithRoomFor(writes, CHANGES[name]);
      if (told.status < 300) events.push(...told.events);
    }

    expect(events).toContain("putOff");
  });

  it("leaves the outcome open when a calendar has been published and not all of its jobs have been moved", async () => {
    const rig = await ApiRig.open();
    const publish = (date: string, headers = {}) =>
      rig.send("PUT", CALENDAR, { body: { name: "holidays", exclude: [date] }, headers });
    expect((await publish("2026-01-06")).status).toBe(201);
    expect((await rig.send("POST", JOBS, { body: OBSERVED })).status).toBe(201);
    fill(rig, 2);
    const answer = await publish("2026-01-07", { "if-match": '"1"' });

    expect([answer.status, answer.body.detail]).toEqual([503, expect.stringContaining("may or may not")]);
  });
});

/** Makes a change of job "report" on a disk that has room for so many writes. */
async function changeWithRoomFor(writes: number, change: Change | undefined) {
  if (change === undefined) throw new Error("There is no such change");
  const rig = await ApiRig.open();
  await rig.send("POST", JOBS, { body: BUSY });
  await change.prepare?.(rig);
  const before = factsOf(rig);
  const audited = rig.table.dump("audit#").length;
  rig.events.length = 0;
  fill(rig, writes);
  const { request } = change;
  const answering = typeof request === "function" ? request(rig) : rig.send(...request);
  await rig.clock.advance(30_000);
  const { status } = await answering;
  const isAudited = rig.table.dump("audit#").length > audited;
  const events = [...rig.events.map(({ event }) => event as string), ...(isAudited ? ["audited"] : [])];
  return { status, isChanged: factsOf(rig) !== before, events };
}

function fill(rig: ApiRig, writes: number): void {
  let made = 0;
  rig.faults.plan = (_, name) => (/put|batchWrite|send/.test(name) && (made += 1) > writes ? "full" : undefined);
}

/** The jobs as they are, and their runs. */
function factsOf(rig: ApiRig): string {
  const runs = rig.table.dump("run#").map(({ body }) => [(body as Run).stamp, (body as Run).status]);
  return JSON.stringify([rig.table.dump("ns#").map(({ body }) => body), runs]);
}

function runOf(rig: ApiRig): string {
  const [stored] = rig.table.dump("run#");
  if (stored === undefined) throw new Error("There is no run");
  return formatRunId(stored.body as Run);
}

function trigger(rig: ApiRig, count: number) {
  return rig.send("POST", `${JOBS}/report/runs`, { body: { requests: Array.from({ length: count }, () => ({})) } });
}
