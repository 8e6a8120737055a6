import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { APPLICATION_ID } from "../../adapters/embedded/schema.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url));

/** Starts a server that must not start. */
function start(flags: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, "--port", "0", "--workers", "0", ...flags], { stdio: "pipe" });
  const written = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    written.stdout += chunk.toString();
    // It runs: the test fails by what was written, and nothing is left behind.
    child.kill("SIGKILL");
  });
  child.stderr.on("data", (chunk: Buffer) => void (written.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...written }));
  });
}

function databaseWith(...statements: string[]) {
  return (path: string) => {
    const database = new DatabaseSync(path);
    for (const statement of statements) database.exec(statement);
    database.close();
  };
}

describe("a server refuses a database that it can't use", () => {
  it.each<[string, (path: string) => void, string]>([
    ["from a newer version", databaseWith(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 99`), "it has schema version 99"],
    ["of another program", databaseWith("CREATE TABLE users (id)"), "it is a database of another program; move it away"],
    ["that is a text", (path) => writeFileSync(path, "hello"), "it is not a database; move it away"],
    ["that is noise", (path) => writeFileSync(path, Buffer.alloc(8_192, 0xa5)), "it is not a database; move it away"],
  ])("B104: %s", async (_, prepare, says) => {
    const folder = temporaryFolder();
    const path = join(folder, "carillon.db");
    prepare(path);
    const before = readFileSync(path);

    const { code, stdout, stderr } = await start(["--data", folder]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: Cannot open [^\n]+\n$/);
    expect(stderr).toContain(path);
    expect(stderr).toContain(says);
    expect(readFileSync(path).equals(before)).toBe(true);
  }); // prettier-ignore

  it("B104: a folder in its place, and a data folder that is a file", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "carillon.db"));
    writeFileSync(join(folder, "file"), "");

    const [inPlace, onFile] = [await start(["--data", folder]), await start(["--data", join(folder, "file")])];

    for (const { code, stderr } of [inPlace, onFile]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: [^\n]+\n$/);
    }
  });
});

describe("a server refuses flags that make no sense", () => {
  it.each([
    [["--port", "99999"], 1, /^error: Cannot use --port "99999": it must be a whole number from 0 to 65535\n$/],
    [["--workers", "many"], 1, /^error: Cannot use --workers "many": it must be a whole number from 0 to 64\n$/],
    [["--no-auth"], 2, /^error: Unknown option '--no-auth'/],
  ])("B85: %j", async (flags, code, says) => {
    const outcome = await start(["--data", temporaryFolder(), ...flags]);

    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stderr).not.toMatch(/\n +at /);
  });
});
