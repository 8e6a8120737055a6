import { describe, expect, it } from "vitest";
import type { LogPage } from "../../api/contract/log.ts";
import type { Run } from "../../api/contract/run.ts";
import type { LogEntry } from "../../core/ports/run-logs.ts";
import { parseRunId } from "../../core/run/run-id.ts";
import type { Run as StoredRun } from "../../core/run/run.ts";
import type { ApiDeps } from "../../api/app.ts";
import { COLLECTED } from "../../api/routes/follow-log.ts";
import { ApiRig, slugOf, START_MS } from "./api-rig.ts";

const line = (text: string): LogEntry => ({ atMs: START_MS, source: "stdout", text });

/** A run of the job `report` that a test moves through its life. */
class Rehearsal {
  readonly rig: ApiRig;
  readonly id: string;
  readonly path: string;

  private constructor(rig: ApiRig, id: string) {
    this.rig = rig;
    this.id = id;
    this.path = `/v1/runs/${id}/logs`;
  }

  static async open(deps: Partial<ApiDeps> = {}): Promise<Rehearsal> {
    const rig = await ApiRig.open({}, deps);
    await rig.define();
    const { body } = await rig.send<Run>("POST", "/v1/namespaces/default/jobs/report/runs");
    return new Rehearsal(rig, body.id);
  }

  async start(attempt: number): Promise<void> {
    await this.#put((run) => ({
      ...run,
      status: "running",
      attempt,
      worker: { id: "w1", pool: "default" },
      startedAtMs: START_MS,
    }));
  }

  async end(): Promise<void> {
    await this.#put((run) => ({ ...run, status: "succeeded", endedAtMs: START_MS }));
  }

  write(attempt: number, ...texts: string[]): Promise<void> {
    return this.rig.logs.append({ runId: this.id, attempt }, texts.map(line));
  }

  close(attempt: number): Promise<void> {
    return this.rig.logs.close({ runId: this.id, attempt });
  }

  follow(query = "?follow=true", headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.rig.request("GET", this.path + query, { headers });
  }

  async #put(change: (run: StoredRun) => StoredRun): Promise<void> {
    const key = parseRunId(this.id);
    const stored = key === undefined ? undefined : await this.rig.core.runs.find(key);
    if (stored === undefined) throw new Error(`Cannot find run ${this.id}`);
    await this.rig.core.runs.put(change(stored.run), stored.rev);
  }
}

/** Reads events until the stream ends or `count` were read. Time passes only while the server waits for it. */
async function readEvents(rig: ApiRig, response: Response, count = Infinity): Promise<string[]> {
  const events: string[] = [];
  let isDone = false;
  const reading = (async () => {
    for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      events.push(text.trim());
      if (events.length >= count) break;
    }
    isDone = true;
  })();
  const wait = async (): Promise<void> => {
    await rig.clock.advance(rig.clock.sleeping > 0 ? 200 : 0);
    if (!isDone) await wait();
  };
  await wait();
  await reading;
  return events;
}

/** An event in short: `entry 1 hello`. */
function short(event: string): string {
  const name = /^event: (\w+)$/m.exec(event)?.[1] ?? event;
  const data = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "{}") as Record<string, string | number>;
  return [name, data["attempt"], data["text"], data["status"]].filter((part) => part !== undefined).join(" ");
}

describe("a page of a log", () => {
  it("holds the last attempt's lines, and goes on where the one before ended", async () => {
    const run = await Rehearsal.open();
    await run.start(2);
    await run.write(1, "old");
    await run.write(2, "a", "b", "c");

    const first = (await run.rig.send<LogPage>("GET", `${run.path}?limit=2`)).body;
    const second = (await run.rig.send<LogPage>("GET", `${run.path}?cursor=${first.nextCursor}`)).body;

    expect(first).toMatchObject({
      attempt: 2,
      closed: false,
      entries: [{ source: "stdout", text: "a" }, { text: "b" }],
    });
    expect(first.entries[0]?.at).toBe("2026-01-05T10:00:00.000Z");
    expect(second.entries.map(({ text }) => text)).toEqual(["c"]);
    await run.write(2, "d");
    const third = (await run.rig.send<LogPage>("GET", `${run.path}?cursor=${second.nextCursor}`)).body;
    expect(third.entries.map(({ text }) => text)).toEqual(["d"]);
  });

  it("is empty before the first attempt, and closed when there never was one", async () => {
    const run = await Rehearsal.open();
    const waiting = (await run.rig.send<LogPage>("GET", run.path)).body;
    await run.rig.send("POST", `/v1/runs/${run.id}/cancel`);
    const cancelled = (await run.rig.send<LogPage>("GET", run.path)).body;

    expect([waiting.entries, waiting.closed, cancelled.closed]).toEqual([[], false, true]);
  });

  it("is of the attempt that is asked for", async () => {
    const run = await Rehearsal.open();
    await run.start(2);
    await run.write(1, "old");

    const page = (await run.rig.send<LogPage>("GET", `${run.path}?attempt=1`)).body;

    expect(page).toMatchObject({ attempt: 1, closed: true, entries: [{ text: "old" }] });
  });

  it("holds fewer lines than asked for where one answer can't hold them, and none is lost", async () => {
    const run = await Rehearsal.open({ following: { ...COLLECTED, maxLength: 2_000, lagMs: 0 } });
    await run.start(1);
    const lines = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(i === 5 ? 5_000 : 500));
    await run.write(1, ...lines);
    await run.end();

    const pages: string[][] = [];
    for (let query = "?limit=8"; pages.length < 20;) {
      const { entries, nextCursor, closed } = (await run.rig.send<LogPage>("GET", run.path + query)).body;
      pages.push(entries.map(({ text }) => text));
      query = `?limit=8&cursor=${nextCursor}`;
      if (closed) break;
    }

    expect(pages.flat()).toEqual(lines);
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1, 1, 2, 2]);
  });

  it("takes no cursor of another run", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    const { nextCursor } = (await run.rig.send<LogPage>("GET", run.path)).body;
    const other = await run.rig.send<Run>("POST", "/v1/namespaces/default/jobs/report/runs");

    for (const path of [`/v1/runs/${other.body.id}/logs?cursor=${nextCursor}`, `${run.path}?cursor=MSAwIA.0`]) {
      expect(slugOf(await run.rig.send("GET", path))).toBe("cursor-invalid");
    }
  });
});

describe("a followed log", () => {
  it("tells lines as they come, across attempts, and ends with the run", async () => {
    const run = await Rehearsal.open();
    const response = await run.follow();
    const events = readEvents(run.rig, response);
    await run.start(1);
    await run.write(1, "a");
    await run.close(1);
    await run.start(2);
    await run.write(2, "b", "line\nend");
    await run.end();

    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect((await events).map(short)).toEqual([
      "attempt 1",
      "entry 1 a",
      "attempt 2",
      "entry 2 b",
      "entry 2 line\nend",
      "end succeeded",
    ]);
    expect(run.rig.clock.sleeping).toBe(0);
  });

  it("is what a client gets that takes event streams only", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    await run.end();

    const response = await run.follow("", { accept: "text/event-stream" });

    expect((await readEvents(run.rig, response)).map(short)).toEqual(["attempt 1", "end succeeded"]);
  });

  it("goes on after any event, without a gap and without a repetition", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    await run.write(1, "a", "b", "c");
    await run.end();
    const all = await readEvents(run.rig, await run.follow());

    for (const [index, event] of all.entries()) {
      const id = /^id: (.*)$/m.exec(event)?.[1];
      if (id === undefined) continue;
      const rest = await readEvents(run.rig, await run.follow(`?follow=true&cursor=${id}`));
      expect(rest.map(short)).toEqual(all.slice(index + 1).map(short));
    }
  });

  it("reads a long log without resting", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    await run.write(1, ...Array.from({ length: 2_500 }, (_, i) => `${i}`));
    await run.end();

    const events = await readEvents(run.rig, await run.follow());

    expect(events).toHaveLength(2_502);
    expect(run.rig.clock.nowMs() - START_MS).toBeLessThan(10_000);
  });

  it("gives a sign of life while nothing is written", async () => {
    const run = await Rehearsal.open();
    await run.start(1);

    const events = await readEvents(run.rig, await run.follow(), 2);

    expect(events.map(short)).toEqual(["attempt 1", ": heartbeat"]);
  });

  it("leaves nothing behind when its reader goes away", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    const reader = (await run.follow()).body?.getReader();
    await reader?.read();
    const waiting = reader?.read();
    await run.rig.clock.advance(0);
    expect(run.rig.clock.sleeping).toBe(1);

    await reader?.cancel();
    await waiting;

    expect(run.rig.clock.sleeping).toBe(0);
    const { reads } = run.rig.logs;
    await run.rig.clock.advance(5_000);
    expect(run.rig.logs.reads).toBe(reads);
    expect(run.rig.events.some(({ event }) => event === "failure")).toBe(false);
  });

  it("is refused beyond a number of readers, and open again when they are gone", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    const readers = await Promise.all(
      Array.from({ length: 256 }, async () => {
        const reader = (await run.follow()).body?.getReader();
        await reader?.read();
        return reader;
      }),
    );

    expect((await run.follow()).status).toBe(429);
    for (const reader of readers) await reader?.cancel();
    expect((await run.follow()).status).toBe(200);
  });

  it("goes on after the event that a Last-Event-ID names", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    await run.write(1, "a", "b");
    await run.end();
    const [, first = ""] = await readEvents(run.rig, await run.follow());
    const id = /^id: (.*)$/m.exec(first)?.[1] ?? "";

    const rest = await readEvents(run.rig, await run.follow("?follow=true", { "last-event-id": id }));

    expect(rest.map(short)).toEqual(["entry 1 b", "end succeeded"]);
  });

  it("opens nothing for HEAD", async () => {
    const run = await Rehearsal.open();
    await run.start(1);

    const response = await run.rig.request("HEAD", `${run.path}?follow=true`);

    expect([response.status, response.body]).toEqual([200, null]);
    expect(run.rig.clock.sleeping).toBe(0);
  });

  it("breaks when the store fails, and tells the log why", async () => {
    const run = await Rehearsal.open();
    await run.start(1);
    const reader = (await run.follow()).body?.getReader();
    await reader?.read();
    run.rig.faults.plan = () => "unavailable";
    const waiting = reader?.read();
    void waiting?.catch(() => undefined);
    await run.rig.clock.advance(400);

    await expect(waiting).rejects.toThrow("a fault of the test");
    expect(run.rig.events.some(({ event }) => event === "failure")).toBe(true);
    expect(run.rig.clock.sleeping).toBe(0);
  });
});

/** Reads one collected stream; says what it told, where to go on, and how long it took. */
async function collect(run: Rehearsal, cursor?: string) {
  const startedAtMs = run.rig.clock.nowMs();
  const query = cursor === undefined ? "?follow=true" : `?follow=true&cursor=${cursor}`;
  const events = await readEvents(run.rig, await run.follow(query));
  const id = /^id: (.*)$/m.exec(events.at(-1) ?? "")?.[1];
  return { told: events.map(short), id, tookMs: run.rig.clock.nowMs() - startedAtMs };
}

describe("a log that is followed through a host that can't stream", () => {
  it("is told in pieces that fit together, each attempt announced once", async () => {
    const run = await Rehearsal.open({ following: COLLECTED });
    await run.start(1);

    const quiet = await collect(run);
    await run.write(1, "a", "b");
    const first = await collect(run, quiet.id);
    await run.start(2);
    await run.write(2, "c");
    const second = await collect(run, first.id);
    await run.end();
    const last = await collect(run, second.id);

    expect(quiet.told).toEqual(["attempt 1", "again"]);
    expect(first.told).toEqual(["entry 1 a", "entry 1 b", "again"]);
    expect(second.told).toEqual(["attempt 2", "entry 2 c", "again"]);
    expect(last.told).toEqual(["end succeeded"]);
  });

  it("is not over before what was written last may be seen", async () => {
    const run = await Rehearsal.open({ following: COLLECTED });
    await run.start(1);
    await run.end();

    const early = await collect(run);
    const late = await collect(run, early.id);

    expect(early.told).toEqual(["attempt 1", "again"]);
    expect(late.told).toEqual(["end succeeded"]);
  });

  it("ends after 3 s when nothing is written, and soon after something was", async () => {
    const run = await Rehearsal.open({ following: COLLECTED });
    await run.start(1);

    const quiet = await collect(run);
    await run.write(1, "a");
    const busy = await collect(run, quiet.id);

    expect(quiet.tookMs).toBeLessThan(4_000);
    expect(quiet.tookMs).toBeGreaterThanOrEqual(3_000);
    expect(busy.tookMs).toBeLessThan(2_000);
  });

  it("misses no attempt that began and ended between two pieces", async () => {
    const run = await Rehearsal.open({ following: COLLECTED });
    const { told, id } = await collect(run);
    await run.start(1);
    await run.write(1, "a");
    await run.start(2);
    await run.end();

    expect(told).toEqual(["again"]);
    expect((await collect(run, id)).told).toEqual(["attempt 1", "entry 1 a", "attempt 2", "end succeeded"]);
  });

  it("ends where it has told enough for one answer", async () => {
    const run = await Rehearsal.open({ following: { ...COLLECTED, maxLength: 2_000, lagMs: 0 } });
    await run.start(1);
    await run.write(1, ...Array.from({ length: 10 }, (_, i) => `${i}`.repeat(500)));
    await run.end();

    const pieces: string[][] = [];
    for (let id: string | undefined; pieces.length < 10;) {
      const piece = await collect(run, id);
      pieces.push(piece.told.map((text) => text.slice(0, 9)));
      id = piece.id;
      if (piece.told.at(-1) === "end succeeded") break;
    }

    expect(pieces.map(({ length }) => length)).toEqual([5, 4, 4, 2]);
    expect(pieces.flat().filter((text) => text.startsWith("entry"))).toEqual(
      Array.from({ length: 10 }, (_, i) => `entry 1 ${i}`),
    );
  });
});
