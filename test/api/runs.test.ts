import { describe, expect, it, vi } from "vitest";
import type { AuditRecord } from "../../api/contract/audit.ts";
import type { Backfill, BackfillPlan } from "../../api/contract/backfill.ts";
import type { LedgerPage, LedgerSummary } from "../../api/contract/ledger.ts";
import type { Run, RunPage } from "../../api/contract/run.ts";
import type { Why } from "../../api/contract/why.ts";
import { AuditStore } from "../../core/store/audit-store.ts";
import { ApiRig, slugOf } from "./api-rig.ts";

const JOB = "/v1/namespaces/default/jobs/report";

async function withJob(): Promise<ApiRig> {
  const rig = await ApiRig.open();
  await rig.define();
  return rig;
}

const trigger = (rig: ApiRig, body: unknown = {}, key?: string) =>
  rig.send<Run>("POST", `${JOB}/runs`, { body, headers: key === undefined ? {} : { "idempotency-key": key } });

async function auditActions(rig: ApiRig): Promise<string[]> {
  const { body } = await rig.send<{ items: AuditRecord[] }>("GET", "/v1/namespaces/default/audit");
  return body.items.map(({ action }) => action);
}

describe("trigger", () => {
  it("runs the job now, with parameters and priority of its own", async () => {
    const rig = await withJob();

    const { status, headers, body } = await trigger(rig, { parameters: { day: 3 }, priority: "high" });

    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/v1/runs/${body.id}`);
    expect(body).toMatchObject({
      namespace: "default",
      job: "report",
      status: "queued",
      cause: "manual",
      slotAt: "2026-01-05T10:00:00.000Z",
      parameters: { day: 3 },
      priority: "high",
      origin: { by: "root" },
    });
    expect((await rig.send<Run>("GET", `/v1/runs/${body.id}`)).body).toEqual(body);
  });

  it("needs no body", async () => {
    const rig = await withJob();

    expect((await rig.send("POST", `${JOB}/runs`)).status).toBe(201);
  });

  it("runs the job at an instant", async () => {
    const rig = await withJob();

    expect((await trigger(rig, { at: "2026-01-07T00:00:00+02:00" })).body.dueAt).toBe("2026-01-06T22:00:00.000Z");
  });

  it("runs the job many times, in the order of the requests", async () => {
    const rig = await withJob();
    const requests = Array.from({ length: 1_000 }, (_, i) => ({ parameters: { i } }));

    const { body } = await rig.send<{ items: Run[] }>("POST", `${JOB}/runs`, { body: { requests } });

    expect(body.items.map(({ parameters }) => parameters?.["i"])).toEqual(requests.map((_, i) => i));
    expect(new Set(body.items.map(({ id }) => id)).size).toBe(1_000);
  });

  it("gives the same run for the same key, however often", async () => {
    const rig = await withJob();

    const answers = await Promise.all(Array.from({ length: 20 }, () => trigger(rig, { parameters: { a: 1 } }, "k")));

    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect((await rig.send<RunPage>("GET", `${JOB}/runs`)).body.items).toHaveLength(1);
  });

  it("audits a request that is sent again as the one change that it was", async () => {
    const rig = await withJob();
    await trigger(rig, {}, "k");
    await rig.clock.advance(1_000);
    await trigger(rig, {}, "k");

    expect(await auditActions(rig)).toEqual(["job.trigger", "job.define"]);
  });

  it("refuses a key that was used for something else", async () => {
    const rig = await withJob();
    await trigger(rig, { parameters: { a: 1 } }, "key-1");

    const answer = await rig.send("POST", `${JOB}/runs`, {
      body: { parameters: { a: 2 } },
      headers: { "idempotency-key": "key-1" },
    });

    expect([answer.status, slugOf(answer)]).toEqual([422, "idempotency-mismatch"]);
  });

  it("refuses parameters that do not meet the job's schema", async () => {
    const rig = await ApiRig.open();
    await rig.define({ parametersSchema: { type: "object", properties: { day: { type: "integer" } } } });

    const answer = await rig.send("POST", `${JOB}/runs`, { body: { parameters: { day: "Monday" } } });

    expect([answer.status, slugOf(answer), answer.body.errors?.[0]?.pointer]).toEqual([
      422,
      "parameters-invalid",
      "/parameters/day",
    ]);
  });
});

describe("runs", () => {
  it("are listed newest first, page by page, and by status", async () => {
    const rig = await withJob();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.unshift((await trigger(rig)).body.id);
      await rig.clock.advance(1_000);
    }
    await rig.send("POST", `/v1/runs/${ids[2]}/cancel`);

    const first = (await rig.send<RunPage>("GET", `${JOB}/runs?limit=3`)).body;
    const second = (await rig.send<RunPage>("GET", `${JOB}/runs?limit=3&cursor=${first.nextCursor}`)).body;
    const cancelled = (await rig.send<RunPage>("GET", `${JOB}/runs?status=cancelled&limit=1`)).body;

    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeUndefined();
    expect(cancelled.items.map(({ id }) => id)).toEqual([ids[2]]);
  });

  it("are cancelled at once when they have not started, and then never again", async () => {
    const rig = await withJob();
    const { id } = (await trigger(rig)).body;

    const cancelled = await rig.send<Run>("POST", `/v1/runs/${id}/cancel`, { body: { note: "not today" } });
    const again = await rig.send("POST", `/v1/runs/${id}/cancel`);

    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    expect(cancelled.body.error).toEqual({ name: "CANCELLED", message: "cancelled by root: not today" });
    expect([again.status, slugOf(again)]).toEqual([409, "run-already-final"]);
    expect(again.body.detail).toBe(`Cannot cancel run "${id}": it was cancelled at 2026-01-05T10:00:00.000Z`);
  });

  it("are run again when they have ended, and once for a key", async () => {
    const rig = await withJob();
    const { id } = (await trigger(rig, { parameters: { a: 1 } })).body;
    const rerun = () => rig.send<Run>("POST", `/v1/runs/${id}/rerun`, { headers: { "idempotency-key": "again" } });

    expect(slugOf(await rig.send("POST", `/v1/runs/${id}/rerun`))).toBe("run-not-final");
    await rig.send("POST", `/v1/runs/${id}/cancel`);
    const [first, second] = [await rerun(), await rerun()];

    expect(first.body).toMatchObject({ cause: "rerun", origin: { rerunOf: id, by: "root" }, parameters: { a: 1 } });
    expect([second.status, second.body, second.headers.get("idempotency-replayed")]).toEqual([201, first.body, "true"]);
    expect((await auditActions(rig)).filter((action) => action === "run.rerun")).toHaveLength(1);
  });

  it("leave their audit record with the repetition of a request that was cut short before it", async () => {
    const rig = await withJob();
    const { id } = (await trigger(rig)).body;
    await rig.send("POST", `/v1/runs/${id}/cancel`);
    const rerun = (address: string) =>
      rig.request("POST", `/v1/runs/${id}/rerun`, {
        headers: { "idempotency-key": "again", "x-test-address": address },
      });
    const records = async () =>
      (await rig.send<{ items: AuditRecord[] }>("GET", "/v1/namespaces/default/audit")).body.items.filter(
        ({ action }) => action === "run.rerun",
      );
    const append = vi.spyOn(AuditStore.prototype, "append").mockRejectedValue(new Error("cut short"));
    const cut = rerun("192.0.2.1");
    await rig.clock.advance(1_000);
    const requestId = (await cut).headers.get("carillon-request-id");
    append.mockRestore();
    expect(await records()).toEqual([]);

    await rerun("192.0.2.2");
    await rig.clock.advance(1_000);
    await rerun("192.0.2.3");

    expect(await records()).toMatchObject([{ requestId, ip: "192.0.2.1", at: "2026-01-05T10:00:00.000Z" }]);
  });

  it("tell why they do not run, with instants as the API writes them", async () => {
    const rig = await withJob();
    const { id } = (await trigger(rig, { at: "2026-01-06T00:00:00Z" })).body;

    const { body } = await rig.send<Why>("GET", `/v1/runs/${id}/why`);

    expect(body.constraints[0]).toEqual({
      code: "notDue",
      detail: "It is due at 2026-01-06T00:00:00.000Z",
      evidence: { dueAt: "2026-01-06T00:00:00.000Z" },
      until: "2026-01-06T00:00:00.000Z",
    });
    expect(JSON.stringify(body)).not.toMatch(/AtMs/);
  });
});

describe("the ledger", () => {
  it("accounts for the slots of a stretch, by default of the last day", async () => {
    const rig = await ApiRig.open();
    await rig.define({ schedule: { cron: "0 * * * *" } });
    await rig.send("POST", `${JOB}/pause`);
    await rig.clock.advance(3 * 3_600_000);

    const { body } = await rig.send<LedgerSummary>("GET", `${JOB}/ledger`);

    expect(body).toMatchObject({ expected: 3, fired: 0, skippedTotal: 3, skipped: { paused: 3 }, unexplained: 0 });
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(86_400_000);
  });

  it("gives runs and gaps as rows, newest first, within [from, to)", async () => {
    const rig = await withJob();
    for (let hour = 11; hour < 15; hour += 1) await trigger(rig, { at: `2026-01-05T${hour}:00:00Z` });
    await rig.core.runs.putGap({
      namespace: "default",
      job: "report",
      version: 1,
      reason: "calendar",
      detail: "holidays@1",
      fromMs: Date.parse("2026-01-05T12:30:00Z"),
      toMs: Date.parse("2026-01-05T12:45:00Z"),
    });
    const path = `${JOB}/ledger?rows=true&from=2026-01-05T12:00:00Z&to=2026-01-05T14:00:00Z&limit=2`;

    const first = (await rig.send<LedgerPage>("GET", path)).body;
    const second = (await rig.send<LedgerPage>("GET", `${path}&cursor=${first.nextCursor}`)).body;

    const places = [...first.items, ...second.items].map((row) => ("run" in row ? row.run.slotAt : row.gap.from));
    expect(places).toEqual(["2026-01-05T13:00:00.000Z", "2026-01-05T12:30:00.000Z", "2026-01-05T12:00:00.000Z"]);
    expect(second.nextCursor).toBeUndefined();
  });
});

const STRETCH = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-05T00:00:00.000Z" };

describe("backfills", () => {
  const body = { from: "2026-01-01T00:00:00Z", to: "2026-01-05T00:00:00Z" };
  const start = (rig: ApiRig, key?: string, change = {}) =>
    rig.send<Backfill>("POST", `${JOB}/backfills`, {
      body: { ...body, ...change },
      headers: key === undefined ? {} : { "idempotency-key": key },
    });

  it("tell what they would run, and start nothing", async () => {
    const rig = await withJob();
    const before = rig.dump();

    const plan = await rig.send<BackfillPlan>("POST", `${JOB}/backfills`, { body: { ...body, dryRun: true } });

    expect([plan.status, plan.body.count, plan.body.left]).toEqual([200, 4, 0]);
    expect(plan.body.slots[0]).toBe("2026-01-01T02:00:00.000Z");
    expect(rig.dump()).toBe(before);
  });

  it("are started once for a key, listed newest first, and cancelled", async () => {
    const rig = await withJob();
    const answers = [await start(rig, "k"), await start(rig, "k")];
    await rig.clock.advance(5);
    const later = await start(rig, undefined, { order: "newestFirst" });
    const first = answers[0]?.body;

    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[1]?.body).toEqual(first);
    expect(first).toMatchObject({ state: "running", total: 4, priority: "bulk", by: "root", ...STRETCH });

    const page = (await rig.send<{ items: Backfill[]; nextCursor?: string }>("GET", `${JOB}/backfills?limit=1`)).body;
    const rest = await rig.send<{ items: Backfill[] }>("GET", `${JOB}/backfills?limit=1&cursor=${page.nextCursor}`);
    expect([...page.items, ...rest.body.items].map(({ id }) => id)).toEqual([later.body.id, first?.id]);

    const cancelled = await rig.send<Backfill>("POST", `${JOB}/backfills/${first?.id}/cancel`);
    expect(cancelled.body.state).toBe("cancelled");
    expect((await rig.send<Backfill>("GET", `${JOB}/backfills/${first?.id}`)).body).toEqual(cancelled.body);
  });

  it("refuse a key that was used for another stretch, and free one whose request was refused", async () => {
    const rig = await withJob();
    await start(rig, "k");

    const other = await rig.send("POST", `${JOB}/backfills`, {
      body: { ...body, to: "2026-01-04T00:00:00Z" },
      headers: { "idempotency-key": "k" },
    });
    await rig.send("POST", `${JOB}/backfills`, {
      body: { ...body, to: body.from },
      headers: { "idempotency-key": "f" },
    });

    expect(slugOf(other)).toBe("idempotency-mismatch");
    expect((await start(rig, "f")).status).toBe(201);
  });

  it("are started once by many requests with one key at the same time", async () => {
    const rig = await withJob();

    const answers = await Promise.all(Array.from({ length: 10 }, () => start(rig, "k")));

    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    expect((await rig.send<{ items: Backfill[] }>("GET", `${JOB}/backfills`)).body.items).toHaveLength(1);
  });

  it("let a request be sent again whose server died over it, after a minute", async () => {
    const rig = await withJob();
    rig.faults.plan = (_number, name) => (name === "table.put" ? "unavailable" : undefined);
    const lost = await start(rig, "k");
    rig.faults.plan = (() => {
      let puts = 0;
      return (_number: number, name: string) => (name === "table.put" && ++puts === 2 ? "unavailable" : undefined);
    })();
    const half = await start(rig, "k");
    rig.faults.plan = () => undefined;

    expect([lost.status, half.status]).toEqual([503, 503]);
    expect((await start(rig, "k")).status).toBe(409);
    await rig.clock.advance(60_000);
    expect((await start(rig, "k")).status).toBe(201);
  });
});
