import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startPlatform } from "../../support/platform.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { folderWith } from "./folder-with.ts";

const LAUNCHER = fileURLToPath(new URL("../../../bin/carillon-cli.js", import.meta.url));

const JOBS = `
name: greet
executor: { type: command, argv: [echo, "hello {{parameters.whom}}"] }
parameters: { whom: world }
---
name: fail
executor: { type: command, argv: [sh, -c, "echo oh no >&2; exit 3"] }
`;

it("a user of this machine defines, runs and follows jobs without any set-up", async () => {
  const data = temporaryFolder();
  const platform = await startPlatform(data);
  const cwd = folderWith({ "jobs.yaml": JOBS });
  const carillon = async (...argv: string[]) =>
    promisify(execFile)(process.execPath, [LAUNCHER, ...argv], { cwd, env: { CARILLON_DATA: data } }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  try {
    expect(await carillon("apply", "-f", "jobs.yaml")).toMatchObject({ code: 0 });
    const greeted = await carillon("jobs", "trigger", "greet", "--param", "whom=moon", "--wait");
    const failed = await carillon("jobs", "trigger", "fail", "--wait");
    const listed = await carillon("runs", "list", "fail", "--status", "failed", "-q");
    const logged = await carillon("runs", "logs", listed.stdout.trim());

    expect(greeted).toMatchObject({ code: 0, stdout: "hello moon\n" });
    expect(greeted.stderr).toMatch(/\ndefault\.greet@\S+ succeeded after \d+ms\n$/);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/^oh no\ncarillon: .*3/);
    expect(logged).toMatchObject({ code: 0, stdout: failed.stdout });
  } finally {
    await platform.stop();
  }
});
