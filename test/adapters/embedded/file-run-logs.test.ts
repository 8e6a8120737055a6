import { appendFileSync, globSync, utimesSync } from "node:fs";
import { relative, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileRunLogs } from "../../../adapters/embedded/file-run-logs.ts";
import type { LogEntry } from "../../../core/ports/run-logs.ts";
import { runLogsConformance } from "../../conformance/run-logs-conformance.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

runLogsConformance("FileRunLogs", async () => new FileRunLogs(temporaryFolder()));

describe("FileRunLogs", () => {
  const stream = { runId: "default.report@20260308T073000.000Z", attempt: 1 };

  it("keeps every file in its folder, whatever a run is called", async () => {
    const folder = temporaryFolder();
    const logs = new FileRunLogs(join(folder, "logs"));
    for (const runId of ["../../outside", "/etc/passwd", "..", "a/../../b"])
      await logs.append({ runId, attempt: 1 }, [line("x")]);

    expect(filesIn(folder).map((file) => relative(folder, file).split("/")[0])).toEqual([
      "logs",
      "logs",
      "logs",
      "logs",
    ]);
  });

  it("leaves a line that is being written for the next page", async () => {
    const folder = temporaryFolder();
    const logs = new FileRunLogs(folder);
    await logs.append(stream, [line("whole")]);
    const [file = ""] = filesIn(folder);
    appendFileSync(file, '["half');

    const page = await logs.read(stream, { limit: 10 });
    expect(page.entries).toEqual([line("whole")]);

    appendFileSync(file, ' and half","o",1]\n');
    expect((await logs.read(stream, { limit: 10, cursor: page.next })).entries).toEqual([line("half and half")]);
  });

  it("goes on behind half a line that a killed writer left", async () => {
    const folder = temporaryFolder();
    const logs = new FileRunLogs(folder);
    await logs.append(stream, [line("whole")]);
    appendFileSync(filesIn(folder)[0] ?? "", '["half');

    await logs.append(stream, [line("after")]);
    await logs.close(stream);

    expect(await logs.read(stream, { limit: 10 })).toMatchObject({
      entries: [line("whole"), line("after")],
      closed: true,
    });
  });

  it("shows one process what another has written and closed", async () => {
    const folder = temporaryFolder();
    const [writer, reader] = [new FileRunLogs(folder), new FileRunLogs(folder)];
    await writer.append(stream, [line("a")]);
    await writer.close(stream);
    await reader.append(stream, [line("late")]);

    expect(await reader.read(stream, { limit: 10 })).toMatchObject({ entries: [line("a")], closed: true });
  });

  it("prune() removes what was last written before an instant, and nothing else", async () => {
    const folder = temporaryFolder();
    const logs = new FileRunLogs(folder);
    const old = { runId: "default.old@1", attempt: 1 };
    await logs.append(old, [line("old")]);
    const longAgo = new Date("2026-01-01T00:00:00Z");
    for (const file of filesIn(folder)) utimesSync(file, longAgo, longAgo);
    await logs.append(stream, [line("new")]);

    expect(await logs.prune(longAgo.getTime())).toBe(0);
    expect(await logs.prune(longAgo.getTime() + 1)).toBe(1);

    expect((await logs.read(old, { limit: 1 })).entries).toEqual([]);
    expect((await logs.read(stream, { limit: 1 })).entries).toEqual([line("new")]);
  });

  it("prune() of a folder that does not exist yet removes nothing", async () => {
    expect(await new FileRunLogs(join(temporaryFolder(), "logs")).prune(Date.now())).toBe(0);
  });

  it("append() says that it failed when the folder cannot be written to", async () => {
    const folder = temporaryFolder();
    appendFileSync(join(folder, "file"), "");

    await expect(new FileRunLogs(join(folder, "file")).append(stream, [line("a")])).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });
});

function line(text: string): LogEntry {
  return { atMs: 1, source: "stdout", text };
}

function filesIn(folder: string): string[] {
  return globSync(join(folder, "**/*.log"));
}
