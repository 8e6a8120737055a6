import { createServer } from "node:http";
import { CloudWatchLogsClient, DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { describe, expect, it, onTestFinished } from "vitest";
import { clientConfig } from "../../../adapters/aws/clients.ts";
import { CloudWatchRunLogs } from "../../../adapters/aws/cloudwatch-run-logs.ts";
import type { Random } from "../../../core/ports/random.ts";
import type { LogEntry } from "../../../core/ports/run-logs.ts";
import { runLogsConformance } from "../../conformance/run-logs-conformance.ts";
import { FakeLogs, type FakeLogsOptions } from "../../support/aws/fake-logs.ts";
import { LogsError, rateExceeded, unavailable } from "../../support/aws/fake-logs-errors.ts";
import { logsListener, logsRequestHandler } from "../../support/aws/fake-logs-transport.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const GROUP = "/carillon/runs";
const CREDENTIALS = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const stream = { runId: "default.report@20260308T073000.000Z", attempt: 1 };
const STREAM_NAME = "default.report@20260308T073000.000Z/attempt-1";

runLogsConformance("CloudWatchRunLogs", async () => setUp().logs);
runLogsConformance(
  "CloudWatchRunLogs, showing lines late and in small pages,",
  async () => setUp({ hiddenReads: 2, maxPageEvents: 7 }).logs,
);

describe("CloudWatchRunLogs", () => {
  it("names the stream of an attempt so that it is found in the console", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    await logs.append({ runId: "a:b*c/d", attempt: 12 }, [line("a")]);

    expect(fake.streamNames(GROUP)).toEqual(["a%3ab%2ac%2fd/attempt-12", STREAM_NAME]);
  });

  it("asks for nothing until there is a line, then makes the stream once", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, []);
    expect(fake.calls).toEqual([]);

    await Promise.all([logs.append(stream, [line("a")]), logs.append(stream, [line("b")])]);
    expect(fake.calls).toEqual(["CreateLogStream", "PutLogEvents", "PutLogEvents"]);
  });

  it("writes lines that CloudWatch can't take for metrics, whatever a job prints", async () => {
    const { clock, fake, logs } = setUp();
    const document = '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]}}';
    await logs.append(stream, [line(document, clock.nowMs())]);

    expect(fake.messages(GROUP, STREAM_NAME)).toEqual([JSON.stringify({ source: "stdout", text: document })]);
  });

  it("keeps the order of appends when their times go back", async () => {
    const { clock, logs } = setUp();
    const nowMs = clock.nowMs();
    const entries = [line("1", nowMs), line("2", nowMs - 5_000), line("3", nowMs - 5_000), line("4", nowMs + 1)];
    await logs.append(stream, entries.slice(0, 3));
    await logs.append(stream, entries.slice(3));

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual(entries);
  });

  it.each([
    { when: "a month ago", byMs: -30 * 86_400_000 },
    { when: "tomorrow", byMs: 86_400_000 },
  ])("keeps lines of $when beside lines of now", async ({ byMs }) => {
    const { clock, logs } = setUp();
    const nowMs = clock.nowMs();
    const entries = [line("1", nowMs), line("2", nowMs + byMs), line("3", nowMs)];
    await logs.append(stream, entries);

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual(entries);
  });

  it("says when the service refuses lines because the clock is wrong", async () => {
    const { clock, logs } = setUp();
    clock.stepWall(86_400_000);

    await expect(logs.append(stream, [line("1", clock.nowMs())])).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining('"tooNewLogEventStartIndex":0') as string,
    });
  });

  it("splits what is more than the service takes at a time", async () => {
    const { fake, logs } = setUp();
    const entries = Array.from({ length: 20_001 }, (_, index) => line(`${index}`));
    await logs.append(stream, entries);
    await logs.append({ ...stream, attempt: 2 }, [line('"'.repeat(2_000_000))]);

    expect(fake.calls.filter((call) => call === "PutLogEvents")).toHaveLength(3 + 5);
    expect((await logs.read(stream, { limit: 30_000 })).entries).toEqual(entries);
  });

  it("gives full pages, however little the service gives at a time", async () => {
    const { logs } = setUp({ maxPageEvents: 2 });
    const entries = Array.from({ length: 9 }, (_, index) => line(`${index}`));
    await logs.append(stream, entries);

    expect((await logs.read(stream, { limit: 7 })).entries).toEqual(entries.slice(0, 7));
  });

  it("asks at most 40 times for a page, and the next page goes on", async () => {
    const { fake, logs } = setUp({ maxPageEvents: 1 });
    const entries = Array.from({ length: 50 }, (_, index) => line(`${index}`));
    await logs.append(stream, entries);

    const { entries: first, next } = await logs.read(stream, { limit: 50 });
    expect(first).toEqual(entries.slice(0, 40));
    expect(fake.calls.filter((call) => call === "GetLogEvents")).toHaveLength(40);
    expect((await logs.read(stream, { cursor: next, limit: 50 })).entries).toEqual(entries.slice(40));
  });

  it("asks once at the end of a stream, and not at all behind its close", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    const { next } = await logs.read(stream, { limit: 10 });
    fake.calls.length = 0;
    await logs.read(stream, { cursor: next, limit: 10 });
    expect(fake.calls).toEqual(["GetLogEvents"]);

    await logs.close(stream);
    const end = await logs.read(stream, { limit: 10 });
    fake.calls.length = 0;
    expect(await logs.read(stream, { cursor: end.next, limit: 10 })).toMatchObject({ entries: [], closed: true });
    expect(fake.calls).toEqual([]);
  });

  it("passes over events that others have written into the stream", async () => {
    const { clock, fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    for (const message of ["plain", "[1]", '{"source":"other","text":"x"}', '{"source":"stdout"}']) {
      const logEvents = [{ timestamp: clock.nowMs(), message }];
      const input = { logGroupName: GROUP, logStreamName: STREAM_NAME, logEvents };
      expect(fake.handle("Logs_20140328.PutLogEvents", JSON.stringify(input)).status).toBe(200);
    }

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual([line("a")]);
  });

  it("waits for its turn when too many streams are made at a time", async () => {
    const { clock, fake, logs } = setUp();
    fake.failNext("CreateLogStream", rateExceeded, rateExceeded);
    const appended = logs.append(stream, [line("a")]);
    await expect.poll(() => clock.sleeping).toBe(1);
    expect(fake.calls).toEqual(["CreateLogStream"]);
    await clock.advance(250);
    await clock.advance(500);
    await appended;

    expect(fake.calls).toEqual(["CreateLogStream", "CreateLogStream", "CreateLogStream", "PutLogEvents"]);
  });

  it("gives up making a stream after 6 attempts, and tries again with the next line", async () => {
    const { fake, logs } = setUp({}, { next: () => 0 });
    fake.failNext("CreateLogStream", ...Array.from({ length: 6 }, () => rateExceeded));

    await expect(logs.append(stream, [line("a")])).rejects.toMatchObject({ code: "THROTTLED" });
    await logs.append(stream, [line("b")]);

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual([line("b")]);
  });

  it("writes to a stream that exists already", async () => {
    const { fake, logs } = setUp();
    const input = { logGroupName: GROUP, logStreamName: STREAM_NAME };
    fake.handle("Logs_20140328.CreateLogStream", JSON.stringify(input));
    await logs.append(stream, [line("a")]);

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual([line("a")]);
  });

  it("names the group that does not exist, to writers and to readers", async () => {
    const { logs } = setUp({ groups: [] });
    const failure = { code: "UNAVAILABLE", message: expect.stringContaining(GROUP) as string };

    await expect(logs.append(stream, [line("a")])).rejects.toMatchObject(failure);
    await expect(logs.read(stream, { limit: 1 })).rejects.toMatchObject(failure);
  });

  it("finds out that it is the stream which does not exist when the service does not say so", async () => {
    const { fake, logs } = setUp();
    fake.failNext(
      "GetLogEvents",
      new LogsError("ResourceNotFoundException", "The specified log group does not exist."),
    );

    expect(await logs.read(stream, { limit: 1 })).toMatchObject({ entries: [], closed: false });
    expect(fake.calls).toEqual(["GetLogEvents", "DescribeLogStreams"]);
  });

  it("says that reading failed, and that an old cursor is no longer good", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    fake.failNext("GetLogEvents", unavailable);

    await expect(logs.read(stream, { limit: 1 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(logs.read(stream, { cursor: "at:old", limit: 1 })).rejects.toMatchObject({ code: "INVALID" });
  });

  it("loses nothing to a write that failed but the lines of that write", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    fake.failNext("PutLogEvents", unavailable);
    await expect(logs.append(stream, [line("lost")])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await logs.append(stream, [line("b")]);
    await logs.close(stream);

    expect(await logs.read(stream, { limit: 10 })).toMatchObject({ entries: [line("a"), line("b")], closed: true });
  });

  it("says that ending a stream failed, and ends it when asked again", async () => {
    const { fake, logs } = setUp();
    await logs.append(stream, [line("a")]);
    fake.failNext("PutLogEvents", unavailable);
    await expect(logs.close(stream)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await logs.close(stream);

    expect(await logs.read(stream, { limit: 10 })).toMatchObject({ entries: [line("a")], closed: true });
  });

  it("drops without a request what comes late for a stream that it has ended", async () => {
    const { fake, logs } = setUp();
    for (let attempt = 1; attempt <= 3; attempt++) await logs.close({ ...stream, attempt });
    fake.calls.length = 0;
    await logs.append(stream, [line("late")]);
    await logs.close(stream);

    expect(fake.calls).toEqual([]);
  });
});

describe("FakeLogs behind HTTP", () => {
  it("serves another client", async () => {
    const fake = new FakeLogs({ groups: [GROUP] });
    const server = createServer(logsListener(fake));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const client = new CloudWatchLogsClient({
      ...CREDENTIALS,
      ...clientConfig(),
      endpoint: `http://127.0.0.1:${port}`,
    });
    onTestFinished(() => client.destroy());
    const logs = new CloudWatchRunLogs({ client, logGroup: GROUP });
    await logs.append(stream, [line("over the wire", 1)]);

    expect((await logs.read(stream, { limit: 10 })).entries).toEqual([line("over the wire", 1)]);
    const { logStreams } = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    expect(logStreams?.map(({ logStreamName }) => logStreamName)).toEqual([STREAM_NAME]);
  });
});

const NOW_MS = Date.UTC(2026, 2, 8, 7, 30);

function setUp(options: Partial<FakeLogsOptions> = {}, random: Random = { next: () => 0.5 }) {
  const clock = new ManualClock(NOW_MS);
  const fake = new FakeLogs({ groups: [GROUP], nowMs: () => NOW_MS, ...options });
  const handler = clientConfig({ requestHandler: logsRequestHandler(fake), maxAttempts: 1 });
  const client = new CloudWatchLogsClient({ ...CREDENTIALS, ...handler });
  return { clock, fake, logs: new CloudWatchRunLogs({ client, logGroup: GROUP, clock, random }) };
}

function line(text: string, atMs = NOW_MS): LogEntry {
  return { atMs, source: "stdout", text };
}
