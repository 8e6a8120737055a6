import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { HandlerDefinition } from "../../../core/job/executor.ts";
import type { Outcome, Task } from "../../../worker/executors/executor.ts";
import type { Handler } from "../../../worker/executors/handler-context.ts";
import { HandlerExecutor } from "../../../worker/executors/handler-executor.ts";
import { aTask, living, pidsIn, RecordedIo } from "./support.ts";

const HANDLERS = fileURLToPath(new URL("fixtures/handlers", import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  folders.push(folder);
  return folder;
}

function execute(
  definition: Omit<HandlerDefinition, "type">,
  { io = new RecordedIo(), folder = HANDLERS, ...overrides }: Partial<Task> & { io?: RecordedIo; folder?: string } = {},
): Promise<Outcome> {
  const environment = { PATH: process.env.PATH, SECRET: "of-the-worker" };
  const executor = new HandlerExecutor({ workerId: "w1", environment, folder });
  return executor.execute(aTask({ type: "handler", ...definition }, overrides), io);
}

/** Executes a registered handler inline. */
function call(handler: Handler, io = new RecordedIo(), overrides: Partial<Task> = {}): Promise<Outcome> {
  const executor = new HandlerExecutor({ workerId: "w1", handlers: { job: handler } });
  return executor.execute(aTask({ type: "handler", module: "job", inline: true }, overrides), io);
}

function failing(name: string): Omit<HandlerDefinition, "type"> {
  return { module: "failing.ts", export: name };
}

describe("HandlerExecutor: a handler in a process of its own", () => {
  it("gets its context and gives its result", async () => {
    const outcome = await execute(
      { module: "report.ts" },
      { runId: "acme.report.5", parameters: { customer: "O'Neil" } },
    );

    expect(outcome).toEqual({
      ok: true,
      result: {
        at: "2026-03-31T04:05:06.789Z",
        dueAt: "2026-03-31T04:05:07.000Z",
        run: { id: "acme.report.5", attempt: 2, epoch: 7 },
        job: "report",
        namespace: "acme",
        parameters: { customer: "O'Neil" },
      },
    });
  });

  it("logs in order what it logs and prints, and reports progress", async () => {
    const io = new RecordedIo();

    await execute({ module: "report.ts" }, { io });

    expect(io.lines("stdout")).toEqual(["loaded", 'info: started {"customer":null}', "debug: a detail", "printed"]);
    expect(io.lines("stderr")).toEqual(["warn: a warning", "error: an error"]);
    expect(io.reported).toEqual([{ done: 1 }]);
  });

  it("sees nothing of the worker's environment but what is listed", async () => {
    expect(await execute({ module: "report.ts", export: "environment" })).toEqual({
      ok: true,
      result: [
        "CARILLON_ATTEMPT",
        "CARILLON_EPOCH",
        "CARILLON_JOB",
        "CARILLON_NAMESPACE",
        "CARILLON_RUN_ID",
        "CARILLON_SLOT",
        "CARILLON_WORKER_ID",
        "PATH",
      ],
    });
  });

  it("reports the last of many values of progress, though not all of them", async () => {
    const io = new RecordedIo();

    expect(await execute({ module: "report.ts", export: "busy" }, { io })).toEqual({ ok: true, result: "done" });
    expect(io.reported.at(-1)).toBe(20_000);
    expect(io.reported.length).toBeLessThan(20_000);
  });

  it("may be plain JavaScript in a folder below", async () => {
    expect(await execute({ module: "nested/plain.mjs" })).toEqual({ ok: true, result: "plain" });
  });

  it("fails with the name and message of what it throws, and logs the stack", async () => {
    const io = new RecordedIo();

    expect(await execute(failing("default"), { io })).toEqual({
      ok: false,
      error: { name: "ValidationError", message: "Cannot bill customer 7: no address", retryable: false },
    });
    expect(io.lines("stderr")[0]).toBe("ValidationError: Cannot bill customer 7: no address");
    expect(io.lines("stderr")[1]).toMatch(/at fail \(.*failing\.ts:\d+:\d+\)/);
  });

  it.each([
    ["throwText", "Error", 'Handler threw "a text"'],
    ["reject", "RangeError", "out of range"],
    ["failLater", "TypeError", "nobody catches this"],
    ["neverSettle", "NEVER_SETTLED", "Handler returned a promise that cannot settle: nothing is left to wait for"],
    ["exit", "EXIT_CODE", "Handler ended its process with exit code 0 before it had returned"],
    ["crash", "SIGNAL", "Handler was ended by SIGKILL"],
    ["unwritable", "RESULT_INVALID", expect.stringContaining("BigInt")],
    ["tooLarge", "RESULT_INVALID", "Cannot keep the result: 70002 bytes are more than 65536"],
    ["missing", "EXPORT_NOT_FOUND", expect.stringContaining('Cannot call export "missing": must be a function')],
  ])("that ends by %s fails as %s", async (name, error, message) => {
    expect(await execute(failing(name))).toMatchObject({ ok: false, error: { name: error, message } });
  });

  it("fails with the error of a module that cannot be loaded", async () => {
    expect(await execute({ module: "broken.ts" })).toMatchObject({
      ok: false,
      error: { name: "SyntaxError", message: expect.stringContaining("this modul") },
    });
  });

  it("is ended when it needs more heap than its limit", async () => {
    expect(await execute({ ...failing("fillHeap"), limits: { memoryMb: 32 } })).toMatchObject({
      ok: false,
      error: { name: "RESOURCE_LIMIT", message: expect.stringContaining("32 MB") },
    });
  });
});

describe("HandlerExecutor: stopping", () => {
  it("aborts the handler's signal and waits for it to tidy up", async () => {
    const io = new RecordedIo();
    const file = join(aFolder(), "pids");
    const running = execute(failing("obedient"), { io, parameters: { pids: file } });
    const pids = await pidsIn(file, 1);

    io.stop("cancel", 20_000);

    expect(await running).toMatchObject({
      ok: false,
      error: { name: "CANCELLED" },
      stop: { reason: "cancel", confirmed: true, evidence: expect.stringMatching(/^SIGTERM to \d+/) },
    });
    expect(io.lines("stdout")).toEqual(["info: tidied up"]);
    expect(living(pids)).toEqual([]);
  });

  it("kills a handler that ignores the abort, with a child outside its group", async () => {
    const io = new RecordedIo();
    const file = join(aFolder(), "pids");
    const running = execute(failing("stubborn"), { io, parameters: { pids: file } });
    const pids = await pidsIn(file, 2);

    io.stop("timeout", 50);

    expect(await running).toMatchObject({ error: { name: "TIMEOUT" }, stop: { reason: "timeout", confirmed: true } });
    expect(living(pids)).toEqual([]);
  });
});

describe("HandlerExecutor: finding the module", () => {
  it.each([
    ["missing.ts", "MODULE_NOT_FOUND"],
    ["nested", "MODULE_NOT_ALLOWED"],
    ["../worker.ts", "MODULE_NOT_ALLOWED"],
    ["nested/../../worker.ts", "MODULE_NOT_ALLOWED"],
    ["report.ts\0.js", "MODULE_NOT_FOUND"],
    ["", "MODULE_NOT_ALLOWED"],
  ])("refuses %j", async (module, name) => {
    expect(await execute({ module })).toMatchObject({ ok: false, error: { name, retryable: false } });
    expect(await execute({ module, inline: true })).toMatchObject({ ok: false, error: { name, retryable: false } });
  });

  it("refuses a link that leads out of the folder, and takes one that stays inside", async () => {
    const outer = aFolder();
    const folder = join(outer, "handlers");
    mkdirSync(join(folder, "real"), { recursive: true });
    writeFileSync(join(outer, "outside.mjs"), "export default () => 'outside'");
    writeFileSync(join(folder, "real", "inside.mjs"), "export default () => 'inside'");
    symlinkSync(join(outer, "outside.mjs"), join(folder, "out.mjs"));
    symlinkSync(outer, join(folder, "up"));
    symlinkSync(join(folder, "real"), join(folder, "alias"));

    expect(await execute({ module: "out.mjs" }, { folder })).toMatchObject({ error: { name: "MODULE_NOT_ALLOWED" } });
    expect(await execute({ module: "up/outside.mjs" }, { folder })).toMatchObject({
      error: { name: "MODULE_NOT_ALLOWED" },
    });
    expect(await execute({ module: "alias/inside.mjs" }, { folder })).toEqual({ ok: true, result: "inside" });
  });

  it("does not take a neighbour whose name begins like the folder's", async () => {
    const outer = aFolder();
    mkdirSync(join(outer, "handlers"));
    mkdirSync(join(outer, "handlers-old"));
    writeFileSync(join(outer, "handlers-old", "job.mjs"), "export default () => 1");

    expect(await execute({ module: "../handlers-old/job.mjs" }, { folder: join(outer, "handlers") })).toMatchObject({
      error: { name: "MODULE_NOT_ALLOWED" },
    });
  });

  it("finds nothing where there is no handlers folder", async () => {
    const executor = new HandlerExecutor({ workerId: "w1" });

    expect(await executor.execute(aTask({ type: "handler", module: "report.ts" }), new RecordedIo())).toMatchObject({
      error: { name: "MODULE_NOT_FOUND", message: expect.stringContaining("no handlers folder") },
    });
  });
});

describe("HandlerExecutor: inline", () => {
  it("calls a registered handler in the worker's process", async () => {
    const io = new RecordedIo();

    const outcome = await call(
      ({ slot, run, job, namespace, parameters, logger, progress }) => {
        logger.warn("careful", { a: 1 });
        progress(50);
        return { pid: process.pid, slot, run, job, namespace, parameters };
      },
      io,
      { runId: "acme.report.6", parameters: { n: 1 } },
    );

    expect(outcome).toEqual({
      ok: true,
      result: {
        pid: process.pid,
        slot: { at: "2026-03-31T04:05:06.789Z", dueAt: "2026-03-31T04:05:07.000Z" },
        run: { id: "acme.report.6", attempt: 2, epoch: 7 },
        job: "report",
        namespace: "acme",
        parameters: { n: 1 },
      },
    });
    expect(io.lines("stderr")).toEqual(['warn: careful {"a":1}']);
    expect(io.reported).toEqual([50]);
  });

  it("takes nothing, a value or a promise of one as the result", async () => {
    expect(await call(() => undefined)).toEqual({ ok: true });
    expect(await call(() => null)).toEqual({ ok: true, result: null });
    expect(await call(() => Promise.resolve([1]))).toEqual({ ok: true, result: [1] });
    expect(await call(() => Promise.resolve())).toEqual({ ok: true });
  });

  it.each([
    ["throws", () => failWith("now")],
    ["rejects", () => Promise.resolve().then(() => failWith("now"))],
  ])("fails when the handler %s", async (_, handler) => {
    const io = new RecordedIo();

    expect(await call(handler, io)).toEqual({ ok: false, error: { name: "RangeError", message: "now" } });
    expect(io.lines("stderr")[0]).toBe("RangeError: now");
  });

  it.each([() => 1n, () => Symbol("s"), () => () => 1, () => "x".repeat(70_000), () => Promise.resolve(1n)])(
    "refuses a result that is no JSON or too large: %s",
    async (handler) => {
      expect(await call(handler)).toMatchObject({ ok: false, error: { name: "RESULT_INVALID", retryable: false } });
    },
  );

  it("confirms the stop of a handler that ends when its signal is aborted", async () => {
    const io = new RecordedIo();
    const running = call(({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)), io);

    io.stop("cancel", 20_000);

    expect(await running).toMatchObject({ ok: false, error: { name: "CANCELLED" }, stop: { confirmed: true } });
  });

  it("does not confirm the stop of a handler that ignores the abort", async () => {
    const io = new RecordedIo();
    const running = call(() => new Promise(() => undefined), io);

    io.stop("timeout", 20);

    expect(await running).toEqual({
      ok: false,
      error: { name: "TIMEOUT", message: "Stopped: the attempt took longer than its timeout" },
      stop: {
        reason: "timeout",
        confirmed: false,
        evidence: "Handler runs on in the worker's process: it did not end within 20 ms of the abort",
      },
    });
  });

  it("takes a module of the folder where no handler is registered under the name", async () => {
    expect(await execute({ module: "nested/plain.mjs", inline: true })).toEqual({ ok: true, result: "plain" });
  });

  it("fails with the error of a module that cannot be loaded", async () => {
    expect(await execute({ module: "broken.ts", inline: true })).toMatchObject({
      ok: false,
      error: { name: "SyntaxError" },
    });
  });

  it("does not take a registered handler for a job that is not inline, nor a name of the prototype", async () => {
    const executor = new HandlerExecutor({ workerId: "w1", handlers: { job: () => 1 } });

    for (const definition of [{ module: "job" }, { module: "toString", inline: true }]) {
      const outcome = await executor.execute(aTask({ type: "handler", ...definition }), new RecordedIo());
      expect(outcome).toMatchObject({ error: { name: "MODULE_NOT_FOUND" } });
    }
  });
});

function failWith(message: string): never {
  throw new RangeError(message);
}
