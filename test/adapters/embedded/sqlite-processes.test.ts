import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { SqliteStore } from "../../../adapters/embedded/sqlite-store.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTemporaryStore } from "../../support/temporary-store.ts";

describe("a data folder shared by processes", () => {
  it("conditional writes of two processes lose no update", async () => {
    const folder = temporaryFolder();
    const children = [start(folder, "increment", "60"), start(folder, "increment", "60")];

    await Promise.all(children.map(({ child }) => once(child, "exit")));

    const { table } = openTemporaryStore({ folder });
    expect(await table.get({ pk: "counter", sk: "shared" })).toMatchObject({ body: { count: 120 }, rev: 120 });
  });

  it("a process killed while it writes leaves everything that it had acknowledged, and a sound file", async () => {
    const folder = temporaryFolder();
    const { child, lines } = start(folder, "write");
    const acknowledged: string[] = [];
    for await (const line of lines) {
      acknowledged.push(line);
      if (acknowledged.length === 500) child.kill("SIGKILL");
    }

    const store = openTemporaryStore({ folder });
    const keys = acknowledged.map((sk) => ({ pk: "written", sk }));
    const found = await Promise.all(keys.map((key) => store.table.get(key)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(found.filter((stored) => stored === undefined)).toEqual([]);
    expect(store.checkIntegrity()).toEqual([]);
  });

  it("a message sent by one process wakes a receive that waits in another", async () => {
    const folder = temporaryFolder();
    // Time stands still in this process: nothing but the doorbell can wake the receive.
    const clock = new ManualClock(Date.now() + 60_000);
    const store = SqliteStore.open({ folder, clock, checkpoint: false });
    onTestFinished(() => store.close());
    const { child, lines } = start(folder, "send");
    await once(lines, "line");

    const waiting = store.queue.receive("default.normal", { max: 1, waitMs: 20_000, visibilityMs: 30_000 });
    await expect.poll(() => clock.sleeping).toBe(1);
    child.stdin.end("hello\n");

    expect(await waiting).toMatchObject([{ body: "hello", receives: 1 }]);
  });

  it("each message is received by one of two processes' stores, all of them together", async () => {
    const folder = temporaryFolder();
    const [first, second] = [openTemporaryStore({ folder }), openTemporaryStore({ folder })];
    const bodies = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(bodies.map((body) => first.queue.send("q", [{ body, group: "g", delayMs: 0 }])));

    const receives = [first, second].flatMap((store) =>
      Array.from({ length: 10 }, () => store.queue.receive("q", { max: 10, waitMs: 1_000, visibilityMs: 60_000 })),
    );
    const messages = (await Promise.all(receives)).flat();

    expect(messages.map((message) => message.body).sort(byNumber)).toEqual(bodies);
  });
});

interface StoreProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: Interface;
}

function start(folder: string, ...command: readonly string[]): StoreProcess {
  const script = fileURLToPath(new URL("../../support/store-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder, ...command], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { child, lines: createInterface(child.stdout) };
}

function byNumber(left: string, right: string): number {
  return Number(left) - Number(right);
}
