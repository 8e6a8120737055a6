import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const WORKER = fileURLToPath(new URL("../../worker/main.ts", import.meta.url));

it("a worker ends in order when its server is gone before the worker has begun", async () => {
  const flags = ["--id", "w-1", "--data", temporaryFolder(), "--drain-ms", "1000"];
  const worker = fork(WORKER, flags, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // What it says when it is ready finds nobody.
  worker.disconnect();

  expect(await once(worker, "exit")).toEqual([0, null]);
});
