import { describe, expect, it } from "vitest";
import { MAX_LOG_BYTES, type LogEntry, type LogStream, type RunLogs } from "../../core/ports/run-logs.ts";
import { uniqueName } from "../support/unique-name.ts";

/** What every RunLogs promises. Where a service shows lines late, reading is repeated until they are there. */
export function runLogsConformance(name: string, open: () => Promise<RunLogs>): void {
  describe(`${name} keeps the RunLogs port`, () => {
    describeReading(open);
    describeClosing(open);
    describeLimits(open);
  });
}

function describeReading(open: () => Promise<RunLogs>): void {
  it("read() of a stream that nobody wrote to is empty and not closed", async () => {
    const logs = await open();

    expect(await logs.read(aStream(), { limit: 10 })).toMatchObject({ entries: [], closed: false });
  });

  it("entries come back whole and in order", async () => {
    const logs = await open();
    const stream = aStream();
    const entries: LogEntry[] = [
      { atMs: 1_772_955_000_000, source: "system", text: "started" },
      { atMs: 1_772_955_000_001, source: "stdout", text: "" },
      { atMs: 1_772_955_000_001, source: "stderr", text: 'ä "quoted" \\ \t\u{1f514}' },
      { atMs: 1_772_955_000_002, source: "stdout", text: '["closed"]' },
      { atMs: 1_772_955_000_003, source: "stdout", text: '["cut",1]' },
    ];
    await logs.append(stream, entries.slice(0, 2));
    await logs.append(stream, entries.slice(2));

    expect(await readUntil(logs, stream, entries.length)).toEqual(entries);
  });

  it("appends that are not awaited keep their order", async () => {
    const logs = await open();
    const stream = aStream();
    const entries = Array.from({ length: 200 }, (_, index) => anEntry({ text: `line ${index}` }));

    await Promise.all(entries.map((entry) => logs.append(stream, [entry])));

    expect(await readUntil(logs, stream, entries.length)).toEqual(entries);
  });

  it.each([1, 2, 7])("pages of at most %i together give everything once", async (limit) => {
    const logs = await open();
    const stream = aStream();
    const entries = Array.from({ length: 7 }, (_, index) => anEntry({ text: `line ${index}` }));
    await logs.append(stream, entries);
    await readUntil(logs, stream, entries.length);

    const first = await logs.read(stream, { limit });

    expect(first.entries.length).toBeLessThanOrEqual(limit);
    expect(await readUntil(logs, stream, entries.length, { limit })).toEqual(entries);
  });

  it("a cursor at the end goes on with lines that are written later", async () => {
    const logs = await open();
    const stream = aStream();
    await logs.append(stream, [anEntry({ text: "early" })]);
    await readUntil(logs, stream, 1);
    const { next } = await logs.read(stream, { limit: 10 });
    expect((await logs.read(stream, { cursor: next, limit: 10 })).entries).toEqual([]);

    await logs.append(stream, [anEntry({ text: "late" })]);

    expect(await readUntil(logs, stream, 1, { cursor: next })).toEqual([anEntry({ text: "late" })]);
  });

  it("a cursor of a stream without lines goes on with its first line", async () => {
    const logs = await open();
    const stream = aStream();
    const { next } = await logs.read(stream, { limit: 10 });
    await logs.append(stream, [anEntry()]);

    expect(await readUntil(logs, stream, 1, { cursor: next })).toEqual([anEntry()]);
  });

  it("runs and attempts are apart", async () => {
    const logs = await open();
    const first = aStream();
    const streams = [first, { ...first, attempt: 2 }, { ...first, runId: `${first.runId}.1` }, aStream()];
    await Promise.all(streams.map((stream, index) => logs.append(stream, [anEntry({ text: `${index}` })])));

    for (const [index, stream] of streams.entries()) {
      expect(await readUntil(logs, stream, 1)).toEqual([anEntry({ text: `${index}` })]);
    }
  });

  it.each(["../../etc/passwd", "a/b\\c", ".", "..", "con", "a b%2f", "ä\u{1f514}", "x".repeat(500), "a\u0000b"])(
    "a run may be called %j",
    async (runName) => {
      const logs = await open();
      const stream = { runId: `${runName}${uniqueName()}`, attempt: 1 };
      const bare = { runId: runName, attempt: 1_000_000 };
      await logs.append(stream, [anEntry()]);
      await logs.append(bare, [anEntry()]);

      expect(await readUntil(logs, stream, 1)).toEqual([anEntry()]);
      expect(await readUntil(logs, bare, 1)).toEqual([anEntry()]);
    },
  );
}

function describeClosing(open: () => Promise<RunLogs>): void {
  it("a closed stream says so behind its last entry, again and again", async () => {
    const logs = await open();
    const stream = aStream();
    await logs.append(stream, [anEntry(), anEntry()]);
    await logs.close(stream);
    await readUntil(logs, stream, 2);

    await expect.poll(() => logs.read(stream, { limit: 10 })).toMatchObject({ closed: true });
    const { entries, closed, next } = await logs.read(stream, { limit: 1 });
    expect({ entries, closed }).toEqual({ entries: [anEntry()], closed: false });
    const end = await logs.read(stream, { cursor: next, limit: 10 });
    expect(end).toMatchObject({ entries: [anEntry()], closed: true });
    expect(await logs.read(stream, { cursor: end.next, limit: 10 })).toMatchObject({ entries: [], closed: true });
  });

  it("close() may be called twice, and on a stream without entries", async () => {
    const logs = await open();
    const stream = aStream();
    await Promise.all([logs.close(stream), logs.close(stream)]);
    await logs.close(stream);

    await expect.poll(() => logs.read(stream, { limit: 10 })).toMatchObject({ entries: [], closed: true });
  });

  it("what is appended behind the close is dropped", async () => {
    const logs = await open();
    const stream = aStream();
    await Promise.all([logs.append(stream, [anEntry()]), logs.close(stream), logs.append(stream, [anEntry()])]);
    await logs.append(stream, [anEntry()]);

    await expect.poll(() => logs.read(stream, { limit: 10 })).toMatchObject({ entries: [anEntry()], closed: true });
  });
}

function describeLimits(open: () => Promise<RunLogs>): void {
  it("a line above 64 KB is split, never within a character", async () => {
    const logs = await open();
    const stream = aStream();
    const text = "\u{1f514}".repeat(40_000);
    await logs.append(stream, [anEntry({ text: `-${text}` })]);

    const entries = await readUntil(logs, stream, 3);

    expect(entries.map((entry) => entry.text).join("")).toBe(`-${text}`);
    expect(Math.max(...entries.map((entry) => Buffer.byteLength(entry.text)))).toBeLessThanOrEqual(64 * 1_024);
  });

  it("an attempt keeps at most its share, then one entry says that the rest was cut", async () => {
    const logs = await open();
    const stream = aStream();
    const text = "x".repeat(60_000);
    const batch = Array.from({ length: 10 }, () => anEntry({ text }));
    for (let writtenBytes = 0; writtenBytes < MAX_LOG_BYTES; writtenBytes += 600_000) await logs.append(stream, batch);
    await logs.append(stream, [anEntry({ text: "too late" })]);
    await logs.close(stream);

    await expect.poll(async () => (await logs.read(stream, { limit: 1_000 })).closed).toBe(true);
    const { entries } = await logs.read(stream, { limit: 1_000 });
    const kept = entries.slice(0, -1);
    expect(kept.length * text.length).toBeGreaterThan(MAX_LOG_BYTES * 0.9);
    expect(kept.length * text.length).toBeLessThanOrEqual(MAX_LOG_BYTES);
    expect(new Set(kept.map((entry) => entry.source))).toEqual(new Set(["stdout"]));
    expect(entries.at(-1)).toMatchObject({ source: "system" });
  });

  it.each([0, -1, 1.5])("refuses to read %d entries", async (limit) => {
    await expect((await open()).read(aStream(), { limit })).rejects.toMatchObject({ code: "INVALID" });
  });

  it("refuses a cursor that it has not given out", async () => {
    const logs = await open();

    await expect(logs.read(aStream(), { cursor: "../x", limit: 1 })).rejects.toMatchObject({ code: "INVALID" });
  });
}

const MAX_READS = 1_000;

function aStream(): LogStream {
  return { runId: `default.report@20260308T073000.000Z-${uniqueName()}`, attempt: 1 };
}

function anEntry(fields: Partial<LogEntry> = {}): LogEntry {
  return { atMs: 1_772_955_000_000, source: "stdout", text: "a line", ...fields };
}

async function readUntil(
  logs: RunLogs,
  stream: LogStream,
  count: number,
  { cursor, limit = 100 }: { cursor?: string; limit?: number } = {},
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  let at = cursor;
  for (let reads = 0; reads < MAX_READS && entries.length < count; reads++) {
    const page = await logs.read(stream, { limit, ...(at === undefined ? {} : { cursor: at }) });
    entries.push(...page.entries);
    at = page.next;
  }
  return entries;
}
