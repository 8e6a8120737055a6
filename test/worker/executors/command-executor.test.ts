import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CommandDefinition } from "../../../core/job/executor.ts";
import { MAX_LOG_BYTES } from "../../../core/ports/run-logs.ts";
import { CommandExecutor } from "../../../worker/executors/command-executor.ts";
import type { Outcome, Task } from "../../../worker/executors/executor.ts";
import { aTask, RecordedIo } from "./support.ts";

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
  definition: Omit<CommandDefinition, "type">,
  overrides: Partial<Task> = {},
  io = new RecordedIo(),
): Promise<Outcome> {
  const executor = new CommandExecutor({
    workerId: "w1",
    environment: {
      PATH: process.env.PATH,
      HOME: "/home/job",
      SECRET: "of-the-worker",
      REGION: "north",
      NODE_ENV: "test",
    },
  });
  return executor.execute(aTask({ type: "command", ...definition }, overrides), io);
}

async function linesOf(definition: Omit<CommandDefinition, "type">, overrides: Partial<Task> = {}): Promise<string[]> {
  const io = new RecordedIo();
  expect(await execute(definition, overrides, io)).toMatchObject({ ok: true });
  return io.lines("stdout");
}

function script(text: string, more: Partial<CommandDefinition> = {}): Omit<CommandDefinition, "type"> {
  return { shell: true, script: text, ...more };
}

describe("CommandExecutor: how a command ends", () => {
  it("succeeds with exit code 0", async () => {
    expect(await execute({ argv: ["true"] })).toEqual({ ok: true, exitCode: 0 });
  });

  it("fails with any other exit code, and tells the last line on stderr", async () => {
    expect(await execute(script("echo first >&2; echo no disk >&2; exit 3"))).toEqual({
      ok: false,
      exitCode: 3,
      error: { name: "EXIT_CODE", message: "Command ended with exit code 3: no disk" },
    });
  });

  it("takes the exit codes that the definition names as success", async () => {
    expect(await execute(script("exit 3", { successExitCodes: [0, 3] }))).toEqual({ ok: true, exitCode: 3 });
    expect(await execute({ argv: ["true"], successExitCodes: [3] })).toMatchObject({ ok: false, exitCode: 0 });
  });

  it("names the signal that ended a command", async () => {
    expect(await execute(script("kill -SEGV $$"))).toEqual({
      ok: false,
      error: { name: "SIGNAL", message: "Command was ended by SIGSEGV" },
    });
  });

  it("says that a missing program cannot be started, and that trying again does not help", async () => {
    expect(await execute({ argv: ["no-such-program-anywhere"] })).toMatchObject({
      ok: false,
      error: { name: "SPAWN_FAILED", message: expect.stringContaining("ENOENT"), retryable: false },
    });
  });

  it("says that a file which is no program cannot be started", async () => {
    expect(await execute({ argv: [aFolder()] })).toMatchObject({
      ok: false,
      error: { name: "SPAWN_FAILED", message: expect.stringContaining("EACCES"), retryable: false },
    });
  });

  it.each([{}, { script: "true" }, { argv: [""] }])(
    "refuses a definition with nothing to run: %j",
    async (definition) => {
      expect(await execute(definition)).toMatchObject({
        ok: false,
        error: { name: "COMMAND_INVALID", retryable: false },
      });
    },
  );

  it("starts nothing when the stop was asked for before", async () => {
    const io = new RecordedIo();
    io.stop("drain", 1_000);

    expect(await execute({ argv: ["true"] }, {}, io)).toMatchObject({
      ok: false,
      error: { name: "DRAINED" },
      stop: { reason: "drain", confirmed: true, evidence: "Nothing was started" },
    });
  });
});

describe("CommandExecutor: arguments", () => {
  it("passes arguments literally: no shell reads them", async () => {
    const argv = ["; rm -rf /", "$(id)", "`id`", "-rf", "a b", "*", "'", '"', "", "\n", "%s", "$HOME", "| cat"];

    const lines = await linesOf({ argv: ["printf", "<%s>\\n", ...argv] });

    expect(lines.join("\n")).toBe(argv.map((argument) => `<${argument}>`).join("\n"));
  });

  it("passes them literally through the limits as well", async () => {
    const argv = ["$(id)", "-rf", "; exit 9", "a b"];

    const lines = await linesOf({ argv: ["printf", "<%s>\\n", ...argv], limits: { memoryMb: 512, cpuSeconds: 60 } });

    expect(lines).toEqual(argv.map((argument) => `<${argument}>`));
  });

  it("hands arguments to a script as $1, $2", async () => {
    expect(await linesOf(script('echo "$# $1 $2"', { argv: ["$(id)", "two words"] }))).toEqual(["2 $(id) two words"]);
  });

  it("writes stdin, and gives an empty one when there is none", async () => {
    expect(await linesOf({ argv: ["cat"], stdin: "für\nalle" })).toEqual(["für", "alle"]);
    expect(await linesOf({ argv: ["cat"] })).toEqual([]);
  });

  it("does not mind a command that leaves its input unread", async () => {
    expect(await execute({ argv: ["true"], stdin: "x".repeat(131_072) })).toEqual({ ok: true, exitCode: 0 });
  });
});

describe("CommandExecutor: environment", () => {
  it("passes on nothing but the listed variables and those that name the attempt", async () => {
    const lines = await linesOf(
      { argv: ["env"], environment: { GREETING: "hi\nthere", HOME: "/own" }, passEnvironment: ["REGION", "ABSENT"] },
      { runId: "acme.report.9", parameters: { customer: "O'Neil", n: [1] } },
    );

    expect(lines.toSorted()).toEqual(
      [
        "CARILLON_ATTEMPT=2",
        "CARILLON_EPOCH=7",
        "CARILLON_JOB=report",
        "CARILLON_NAMESPACE=acme",
        'CARILLON_PARAMETERS={"customer":"O\'Neil","n":[1]}',
        "CARILLON_REPORT_FD=3",
        "CARILLON_RUN_ID=acme.report.9",
        "CARILLON_SLOT=2026-03-31T04:05:06.789Z",
        "CARILLON_WORKER_ID=w1",
        "GREETING=hi",
        "HOME=/own",
        `PATH=${process.env.PATH}`,
        "REGION=north",
        "there",
      ].toSorted(),
    );
  });

  it.each(["NODE_ENV", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "CARILLON_TOKEN"])(
    "refuses to pass on %s",
    async (name) => {
      expect(await execute({ argv: ["env"], passEnvironment: [name] })).toMatchObject({
        ok: false,
        error: { name: "ENVIRONMENT_NOT_ALLOWED", message: expect.stringContaining(name), retryable: false },
      });
    },
  );

  it("refuses parameters that do not fit into a variable", async () => {
    expect(await execute({ argv: ["true"] }, { parameters: { text: "x".repeat(120_000) } })).toMatchObject({
      ok: true,
    });
    expect(await execute({ argv: ["true"] }, { parameters: { text: "x".repeat(125_000) } })).toMatchObject({
      error: { name: "PARAMETERS_TOO_LARGE", retryable: false },
    });
  });
});

describe("CommandExecutor: working folder", () => {
  it("makes an empty, private folder for each attempt and removes it with all it holds", async () => {
    const [path, ...listing] = await linesOf(
      script("pwd; ls -A; stat -c %a .; mkdir -p deep/er; echo x > deep/er/file"),
    );

    expect(listing).toEqual(["700"]);
    expect(existsSync(path ?? "")).toBe(false);
  });

  it("uses the given folder and leaves it alone", async () => {
    const folder = aFolder();

    await linesOf(script("echo x > made-here", { workingFolder: folder }));

    expect(readdirSync(folder)).toEqual(["made-here"]);
  });

  it.each(["/no/such/folder", "/etc/passwd"])("refuses %s, which is no folder", async (workingFolder) => {
    expect(await execute({ argv: ["true"], workingFolder })).toMatchObject({
      ok: false,
      error: { name: "WORKING_FOLDER_MISSING", retryable: false },
    });
  });
});

describe("CommandExecutor: output", () => {
  it("logs both streams by line while the command runs", async () => {
    const io = new RecordedIo();

    await execute(script("echo out; printf 'err\\r\\n' >&2; printf 'no end'"), {}, io);

    expect(io.lines("stdout")).toEqual(["out", "no end"]);
    expect(io.lines("stderr")).toEqual(["err"]);
  });

  it("splits a line without an end, so that memory stays bounded", async () => {
    const lines = await linesOf(script("head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"));

    expect(lines.at(-1)).toBe("end");
    expect(lines.slice(0, -1).join("")).toBe("x".repeat(100_000));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(16_384);
  });

  it("keeps the first megabytes of endless output and says that the rest was cut", async () => {
    const io = new RecordedIo();

    const outcome = await execute(script("head -c 60000000 /dev/zero | tr '\\0' x | fold -w 1000; echo done"), {}, io);

    expect(outcome).toMatchObject({ ok: true });
    const keptBytes = io.lines("stdout").reduce((sum, line) => sum + line.length, 0);
    expect(keptBytes).toBeGreaterThan(MAX_LOG_BYTES * 0.9);
    expect(keptBytes).toBeLessThanOrEqual(MAX_LOG_BYTES);
    expect(io.lines("system")).toEqual(["Output is longer than 10485760 bytes: the rest is not kept"]);
  });

  it("counts empty lines too, and can still be stopped", async () => {
    const io = new RecordedIo();
    const running = execute({ argv: ["yes", ""] }, {}, io);
    const log = io.log.bind(io);
    const cut = Promise.withResolvers<void>();
    io.log = (source, text) => {
      log(source, text);
      if (source === "system") cut.resolve();
    };

    await cut.promise;
    io.stop("timeout", 1_000);

    expect(await running).toMatchObject({ error: { name: "TIMEOUT" }, stop: { confirmed: true } });
    expect(io.entries.length).toBeLessThan(250_000);
  });
});

describe("CommandExecutor: reports", () => {
  it("takes progress and the last result from descriptor 3", async () => {
    const io = new RecordedIo();
    const text = `
      echo '{"progress": {"done": 1}}' >&3
      echo '{"progress": 0}' >&3
      echo '{"result": "early"}' >&$CARILLON_REPORT_FD
      printf '{"result": {"rows": 12}}' >&3`;

    expect(await execute(script(text), {}, io)).toEqual({ ok: true, exitCode: 0, result: { rows: 12 } });
    expect(io.reported).toEqual([{ done: 1 }, 0]);
  });

  it("ignores what is no report, and says so", async () => {
    const io = new RecordedIo();
    const text = "echo 'hello' >&3; echo '[1]' >&3; echo '{}' >&3; head -c 70000 /dev/zero | tr '\\0' x >&3";

    expect(await execute(script(text), {}, io)).toEqual({ ok: true, exitCode: 0 });
    expect(io.lines("system")[0]).toBe(
      'Ignored a report on descriptor 3: must be {"progress": …} or {"result": …}; got hello',
    );
    expect(io.lines("system").length).toBeGreaterThanOrEqual(4);
  });
});

describe("CommandExecutor: limits", () => {
  it("lets allocations beyond the memory limit fail", async () => {
    const dd = ["dd", "if=/dev/zero", "of=/dev/null", "bs=256M", "count=1"];

    expect(await execute({ argv: dd, limits: { memoryMb: 1_024 } })).toMatchObject({ ok: true });
    expect(await execute({ argv: dd, limits: { memoryMb: 64 } })).toMatchObject({
      ok: false,
      error: { name: "EXIT_CODE", message: expect.stringContaining("memory exhausted") },
    });
  });

  it("ends a command that uses more processor time than its limit", async () => {
    expect(await execute(script("while :; do :; done", { limits: { cpuSeconds: 1 } }))).toEqual({
      ok: false,
      error: { name: "RESOURCE_LIMIT", message: "Command used more than 1 s of processor time" },
    });
  });
});
