import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemSchema } from "../../api/contract/problem-schema.ts";
import { type ServerTarget, startServerTarget } from "./server-target.ts";
import { setStage } from "./stage.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/carillon-cli.js", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** How standard output is taken: read to its end, or closed after the first bytes, as `head` does. */
  readonly reader?: "all" | "first";
}

/** Id, arguments, exit code, the start of the first line of standard error, and what else is there. */
type CliRow = readonly [string, readonly string[], number, string, string?, CliOptions?];

const USAGE = "error[usage]: ";
const UNREADABLE = "error[file-unreadable]: ";
const RUN = "default.none@20260105T020000.000Z";

const ROWS: readonly CliRow[] = [
  ["B103", ["jobs", "list", "--stat", "active"], 2, `${USAGE}unknown option '--stat'`, "hint: Did you mean --state?"],
  ["B103", ["jbos"], 2, `${USAGE}unknown command 'jbos'`, "hint: Did you mean jobs?"],
  ["B103", [""], 2, `${USAGE}unknown command ''`],
  ["B103", [], 2, "Usage: carillon"],
  ["B103", ["jobs", "list", "--namespace", "a", "-n", "b"], 2, `${USAGE}option '-n, --namespace <name>' is given twice`],
  ["B103", ["apply"], 2, `${USAGE}required option '-f, --file <path>' not specified`],
  ["B103", ["apply", "-f", "none.yaml"], 2, `${UNREADABLE}Cannot read none.yaml: there is no such file`],
  ["B103", ["apply", "-f", "empty"], 2, "error[body-required]: Cannot read empty: there is no definition"],
  ["B103", ["calendars", "apply", "-f", "loop"], 2, `${UNREADABLE}Cannot read loop: it is a symbolic link to itself`],
  ["B103", ["import", "crontab", "empty"], 2, `${UNREADABLE}Cannot read empty: it is a folder`],
  ["B103", ["apply", "-f", "big.yaml"], 2, "error[body-too-large]: Cannot read big.yaml: it must be at most 1048576 bytes"],
  ["B103", ["apply", "-f", "noise.yaml"], 2, "error[invalid-unicode]: Line 1: the text must be UTF-8", "noise.yaml"],
  ["B103", ["apply", "-f", "-"], 2, "error[body-required]: Cannot read standard input: it is empty"],
  ["B103", ["whoami", "--token", "s3cret"], 2, `${USAGE}unknown option '--token'`, "set CARILLON_TOKEN instead"],
  ["B103", ["whoami", "--token=s3cret"], 2, `${USAGE}unknown option '--token'`, "set CARILLON_TOKEN instead"],
  ["B103", ["whoami", "--url", "http://scheduler.example"], 2, "error[insecure-address]: Cannot send the token to http://scheduler.example: over plain HTTP", "hint: Use https", { env: { CARILLON_TOKEN: "s3cret" } }],
  ["B103", ["whoami", "--url", "ftp://127.0.0.1"], 2, `${USAGE}Cannot use "ftp://127.0.0.1" as the server's address`],
  ["B103", ["whoami"], 2, "error[configuration-invalid]: Cannot use the token: it must be visible ASCII characters", "hint: ", { env: { CARILLON_TOKEN: "s3cret\nb" } }],
  ["B103", ["whoami"], 2, "error[configuration-invalid]: Cannot use the token: it must be visible ASCII characters", "hint: ", { env: { CARILLON_TOKEN: "s3cret€" } }],
  ["B103", ["runs", "list", "report", "--limit", "9".repeat(10_000)], 2, `${USAGE}option '--limit <n>' argument '999`, "It must be a whole number"],
  ["B81", ["whoami"], 3, "error[token-invalid]: The token is not valid", "hint: Set CARILLON_TOKEN", { env: { CARILLON_TOKEN: "s3cret" } }],
  ["B3", ["jobs", "trigger", "report", "--params", '{"a":1,"a":2}'], 2, `${USAGE}option '--params <json>' argument`, 'key "a" occurs twice'],
  ["B4", ["jobs", "trigger", "report", "--params", "[".repeat(30)], 2, `${USAGE}option '--params <json>' argument`, "at most 20 levels"],
  ["B13", ["apply", "-f", "-"], 2, 'error[unknown-field]: Field "shedule" is unknown; did you mean "schedule"', "standard input:2:1 /shedule", { stdin: "name: a\nshedule: {}\nexecutor: { type: command, argv: ['true'] }\n" }],
  ["B3", ["apply", "-f", "-"], 2, "error[yaml-duplicate-key]: ", "standard input:2:1", { stdin: "name: a\nname: b\n" }],
  ["B14", ["apply", "-f", "-"], 2, "error[forbidden-key]: ", "__proto__", { stdin: "__proto__: { admin: true }\n" }],
  ["B21", ["preview", "--cron", "60 * * * *"], 2, 'error[cron-out-of-range]: Cannot read cron field minute: "60" is outside 0-59', "\n    60 * * * *\n    ^\n"],
  ["B32", ["preview", "--cron", "0 0 * * *", "--tz", "Mars/Phobos"], 2, "error[timezone-unknown]: ", "/schedule/timezone"],
  ["B40", ["preview", "--every", "1h", "--count", "1000000000"], 2, `${USAGE}option '--count <n>' argument '1000000000' is invalid`, "from 1 to 1000"],
  ["B44", ["jobs", "get", "a\u001b[31mb"], 2, "error[invalid-id]: ", '"a\\u001b[31mb"'],
  ["B18", ["jobs", "get", "../tokens"], 2, "error[invalid-id]: ", '"../tokens"'],
  ["B18", ["jobs", "get", ".."], 2, USAGE, 'must not be empty, "." or ".."'],
  ["B67", ["runs", "cancel", "{finished}"], 5, "error[run-already-final]: ", "cancelled"],
  ["B70", ["jobs", "trigger", "held"], 5, "error[job-not-active]: ", "paused"],
  ["B78", ["workers", "drain", "default", "w9"], 4, "error[not-found]: ", '"w9"'],
  ["B82", ["runs", "get", RUN], 4, `error[run-not-found]: Cannot find run "${RUN}"`],
]; // prettier-ignore

describe.concurrent("the command refuses bad input", () => {
  let target: ServerTarget;
  let finished = "";

  beforeAll(async () => {
    target = await startServerTarget();
    finished = (await setStage(target)).names["finished"] ?? "";
    const at = (name: string) => join(target.folder, name);
    mkdirSync(at("empty"));
    symlinkSync("loop", at("loop"));
    writeFileSync(at("noise.yaml"), Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]));
    writeFileSync(at("big.yaml"), "");
    // It takes no room on the disk.
    truncateSync(at("big.yaml"), 2 ** 30);
  });

  afterAll(() => target.stop());

  /** Runs the command as its user would, in the folder with the files of the rows. */
  function carillon(argv: readonly string[], { env = {}, stdin = "", reader = "all" }: CliOptions = {}) {
    const child = spawn(process.execPath, [LAUNCHER, ...argv], {
      cwd: target.folder,
      env: { CARILLON_DATA: target.folder, CARILLON_URL: target.url, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const written = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      written.stdout += chunk.toString();
      if (reader === "first") child.stdout.destroy();
    });
    child.stderr.on("data", (chunk: Buffer) => void (written.stderr += chunk.toString()));
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
    return new Promise<Outcome>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, ...written }));
    });
  }

  it.each(ROWS.map(([id, argv, ...rest]) => ({ id, shown: argv.join(" ").slice(0, 60), argv, rest })))(
    "$id: carillon $shown",
    async ({ argv, rest }) => {
      const [code, firstLine, more = "", options] = rest;
      const before = target.dump();

      const { stderr, ...outcome } = await carillon(
        argv.map((argument) => argument.replace("{finished}", finished)),
        options,
      );

      expect({ ...outcome, stderr }).toMatchObject({ code, stdout: "" });
      expect(stderr.slice(0, firstLine.length)).toBe(firstLine);
      expect(stderr).toContain(more);
      expectQuiet(stderr);
      expect(target.dump()).toBe(before);
    },
  );

  it("B103: with --json it prints the problem document", async () => {
    const { code, stdout, stderr } = await carillon(["preview", "--cron", "* * * *", "--json"]);

    expect([code, stdout]).toEqual([2, ""]);
    expect(problemSchema.parse(JSON.parse(stderr))).toMatchObject({
      status: 422,
      errors: [{ pointer: "/schedule/cron" }],
    });
  });

  it("B103: without colours where none are wanted, and with standard input closed", async () => {
    const { code, stderr } = await carillon(["apply", "-f", "-"], { env: { NO_COLOR: "1", FORCE_COLOR: "" } });

    expect(code).toBe(2);
    expect(stderr).not.toContain("\u001b");
  });

  it("B103: a reader that goes away ends it quietly", async () => {
    const { code, stderr } = await carillon(["preview", "--every", "1s", "--count", "1000"], { reader: "first" });

    expect([code, stderr]).toEqual([0, ""]);
  });
});

/** No trace of our own code, no secret, nothing that a terminal acts on. */
function expectQuiet(stderr: string): void {
  expect(stderr).not.toMatch(/\n +at |node:internal|\.ts:\d/);
  expect(stderr).not.toContain("s3cret");
  expect(stderr).not.toMatch(/(?![\n])[\p{Cc}\p{Bidi_Control}]/u);
  expect(stderr.length).toBeLessThan(5_000);
}
