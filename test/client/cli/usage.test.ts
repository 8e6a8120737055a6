import { describe, expect, it } from "vitest";
import { answered, runCli, scripted } from "./run-cli.ts";

describe("bad usage ends with 2 and one line that names the option", () => {
  it.each([
    [["jobs", "list", "--stat", "active"], "unknown option '--stat'", "Did you mean --state?"],
    [["jobs", "list", "--state", "asleep"], "Allowed choices are active, paused, deleted.", undefined],
    [["jbs"], "unknown command 'jbs'", "Did you mean jobs?"],
    [["jobs", "lst"], "unknown command 'lst'", "Did you mean list?"],
    [["jobs", "get"], "missing required argument 'job'", undefined],
    [["jobs", "get", "a", "b"], "too many arguments", undefined],
    [["apply"], "required option '-f, --file <path>' not specified", undefined],
    [["jobs", "resume", "a"], "required option '--missed <choice>' not specified", undefined],
    [["jobs", "list", "--namespace", "a", "-n", "b"], "option '-n, --namespace <name>' is given twice", undefined],
    [["--json", "jobs", "list", "--quiet", "-q"], "option '-q, --quiet' is given twice", undefined],
    [["runs", "list", "a", "--limit", "0"], "It must be a whole number from 1 to 100000.", undefined],
    [["ledger", "a", "--from", "yesterday"], "It must be an instant such as", undefined],
    [["jobs", "trigger", "a", "--param", "x"], "It must be name=value.", undefined],
    [["jobs", "get", ".."], 'it must not be empty, "." or ".."', undefined],
    [["preview"], "One of --cron, --every and --at is required", undefined],
    [["import", "crontab", "x", "--system", "--user"], "Only one of --system and --user can be given", undefined],
    [["whoami", "--url", "localhost"], "as the server's address", undefined],
  ])("%j", async (argv, message, hint) => {
    const { exitCode, stdout, stderr } = await runCli(argv);

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    if (argv.includes("--json")) expect(JSON.parse(stderr)).toMatchObject({ detail: message });
    else {
      expect(stderr).toMatch(/^error\[usage\]: /);
      expect(stderr.split("\n")[0]).toContain(message);
    }
    if (hint !== undefined) expect(stderr).toContain(`  hint: ${hint}\n`);
    expect(stderr).not.toMatch(/\n +at /);
  });
});

it("a token on the command line is refused, with the way to give it", async () => {
  const { exitCode, stderr } = await runCli(["whoami", "--token", "s3cret"]);

  expect(exitCode).toBe(2);
  expect(stderr).toContain("set CARILLON_TOKEN instead");
  expect(stderr).not.toContain("s3cret");
});

it("help that was asked for is a result, help in place of a command an error", async () => {
  const asked = await runCli(["jobs", "--help"]);
  const missing = await runCli(["jobs"]);

  expect(asked).toMatchObject({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("Usage: carillon jobs") as string,
  });
  expect(missing).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringContaining("Usage: carillon jobs") as string,
  });
});

it("options for all commands may stand before and after the command", async () => {
  const server = scripted({ "GET /v1/namespaces/team/jobs": answered({ items: [] }) });

  const before = await runCli(["--json", "-n", "team", "jobs", "list"], server);
  const after = await runCli(["jobs", "list", "--json", "-n", "team"], server);

  expect(before).toEqual(after);
  expect(JSON.parse(before.stdout)).toEqual({ items: [] });
});

it("the namespace may stand in the environment", async () => {
  const server = scripted({ "GET /v1/namespaces/team/jobs": answered({ items: [] }) });
  const env = { CARILLON_TOKEN: "t", CARILLON_URL: "http://127.0.0.1:4680", CARILLON_NAMESPACE: "team" };

  expect(await runCli(["jobs", "list"], { ...server, env })).toMatchObject({ exitCode: 0 });
});
