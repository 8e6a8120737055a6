import { describe, expect, it } from "vitest";
import { createExecutors } from "../../../worker/executors/executors.ts";
import { aTask, RecordedIo } from "./support.ts";

describe("createExecutors()", () => {
  const executors = createExecutors({
    workerId: "w1",
    environment: { PATH: process.env.PATH },
    handlers: { greet: ({ parameters }) => `hello ${JSON.stringify(parameters)}` },
    allow: () => ["127.0.0.1:1"],
  });

  it("executes each kind of job by its executor", async () => {
    const command = aTask({ type: "command", shell: true, script: "echo $CARILLON_WORKER_ID" } as const);
    const handler = aTask({ type: "handler", module: "greet", inline: true } as const);
    const io = new RecordedIo();

    expect(await executors.execute(command, io)).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("stdout")).toEqual(["w1"]);
    expect(await executors.execute(handler, io)).toEqual({ ok: true, result: "hello {}" });
    expect(await executors.execute(aTask({ type: "http", url: "http://127.0.0.1:2/" } as const), io)).toMatchObject({
      error: { name: "TARGET_NOT_ALLOWED" },
    });
  });

  it("executes what only some workers have by what it is given, and refuses the rest for good", async () => {
    const others = { lambda: { execute: () => Promise.resolve({ ok: true, result: "invoked" } as const) } };
    const withLambda = createExecutors({ workerId: "w1", others });

    const lambda = aTask({ type: "lambda", function: "report" } as const);
    const container = aTask({ type: "container", image: "report:1", cpu: 256, memoryMb: 512 } as const);
    expect(await withLambda.execute(lambda, new RecordedIo())).toEqual({ ok: true, result: "invoked" });
    expect(await withLambda.execute(container, new RecordedIo())).toEqual({
      ok: false,
      error: {
        name: "EXECUTOR_MISSING",
        message: 'Cannot run a job of type "container": this worker has no executor for it',
        retryable: false,
      },
    });
  });

  it("refuses for good what it is not to offer", async () => {
    const httpAlone = createExecutors({ workerId: "w1", offered: ["http"] });
    const command = aTask({ type: "command", argv: ["true"] } as const);
    const http = aTask({ type: "http", url: "http://127.0.0.1:2/" } as const);

    expect(await httpAlone.execute(command, new RecordedIo())).toMatchObject({
      error: { name: "EXECUTOR_MISSING", retryable: false },
    });
    expect(await httpAlone.execute(http, new RecordedIo())).toMatchObject({ error: { name: "TARGET_NOT_ALLOWED" } });
  });

  it("finds no modules where no folder is given", async () => {
    const task = aTask({ type: "handler", module: "report.ts" } as const);

    expect(await executors.execute(task, new RecordedIo())).toMatchObject({ error: { name: "MODULE_NOT_FOUND" } });
  });
});
