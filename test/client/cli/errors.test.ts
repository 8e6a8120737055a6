import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../api/contract/error-codes.ts";
import { refused, runCli, scripted } from "./run-cli.ts";

describe("a refusal ends the command with the exit code of its kind", () => {
  it.each<[ErrorCode, number]>([
    ["internal", 1],
    ["query-invalid", 2],
    ["cursor-invalid", 2],
    ["cron-out-of-range", 2],
    ["unauthenticated", 3],
    ["forbidden", 3],
    ["not-found", 4],
    ["job-not-active", 5],
    ["version-conflict", 5],
    ["rate-limited", 6],
    ["quota-exceeded", 6],
    ["unavailable", 7],
    ["storage-full", 7],
  ])("%s: %d", async (code, exitCode) => {
    const server = scripted({ "GET /v1/whoami": refused(code, `Cannot do it: ${code}`) });

    const outcome = await runCli(["whoami"], server);

    expect(outcome).toMatchObject({ exitCode, stdout: "" });
    expect(outcome.stderr.split("\n")[0]).toBe(`error[${code}]: Cannot do it: ${code}`);
  });

  it("a server that can't be reached: 7", async () => {
    expect(await runCli(["whoami"])).toEqual({
      exitCode: 7,
      stdout: "",
      stderr: "error[unavailable]: Cannot reach http://127.0.0.1:4680: connection refused; is the server running?\n",
    });
  });
});

const CRON_DETAIL = 'Cannot read cron: hour "25" is not within 0-23';
const CRON_FAULT = { pointer: "/schedule/cron", code: "cron-out-of-range", detail: CRON_DETAIL, position: 2 } as const;

describe("errors for people", () => {
  it("show each fault with its pointer, and the place in a cron expression", async () => {
    const server = scripted({ "POST /v1/preview": refused("cron-out-of-range", CRON_DETAIL, [CRON_FAULT]) });

    const { exitCode, stderr } = await runCli(["preview", "--cron", "0 25 * * *"], server);

    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      [`error[cron-out-of-range]: ${CRON_DETAIL}`, "  /schedule/cron", "    0 25 * * *", "      ^", ""].join("\n"),
    );
  });

  it("list several faults below a headline", async () => {
    const errors = [
      { pointer: "/schedule/evry", code: "unknown-field", detail: 'Field "evry" is unknown; did you mean "every"' },
      { pointer: "/retry", code: "wrong-type", detail: 'Field "retry" must be an object; got a list' },
    ] as const;
    const server = scripted({ "POST /v1/preview": refused("validation-failed", "Two faults", errors) });

    const { stderr } = await runCli(["preview", "--cron", "0 25 * * *"], server);

    expect(stderr).toBe(
      [
        "error[validation-failed]: Two faults",
        '  /schedule/evry: Field "evry" is unknown; did you mean "every"',
        '  /retry: Field "retry" must be an object; got a list',
        "",
      ].join("\n"),
    );
  });

  it("are free of control characters, whatever the server writes", async () => {
    const detail = "no\r\n2026 ERROR \u001b[2Jforged\u202e";
    const server = scripted({ "GET /v1/whoami": refused("forbidden", detail) });

    expect((await runCli(["whoami"], server)).stderr).toBe("error[forbidden]: no 2026 ERROR forged\n");
  });

  it("are coloured on a terminal only, and not with NO_COLOR", async () => {
    const server = scripted({ "GET /v1/whoami": refused("forbidden", "No") });
    const env = { CARILLON_TOKEN: "t", CARILLON_URL: "http://127.0.0.1:4680" };

    const plain = await runCli(["whoami"], { ...server, env });
    const coloured = await runCli(["whoami"], { ...server, env, isTty: true });
    const refusedColour = await runCli(["whoami"], { ...server, env: { ...env, NO_COLOR: "1" }, isTty: true });

    expect(plain.stderr).toBe("error[forbidden]: No\n");
    expect(coloured.stderr).toBe("\u001b[31merror[forbidden]:\u001b[39m No\n");
    expect(refusedColour.stderr).toBe(plain.stderr);
  });

  it("tell where a token is looked for when there is none", async () => {
    const server = scripted({ "GET /v1/whoami": refused("unauthenticated", "A token is required") });

    expect((await runCli(["whoami"], { ...server, env: {} })).stderr).toContain("hint: Set CARILLON_TOKEN");
  });
});

describe("errors with --json", () => {
  it("are the server's problem document, alone", async () => {
    const server = scripted({ "POST /v1/preview": refused("cron-out-of-range", CRON_DETAIL, [CRON_FAULT]) });

    const { exitCode, stdout, stderr } = await runCli(["preview", "--cron", "0 25 * * *", "--json"], server);

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toMatchObject({
      type: "urn:carillon:problem:cron-out-of-range",
      status: 422,
      errors: [{ pointer: "/schedule/cron" }],
    });
  });

  it("look the same when the command itself refuses", async () => {
    const { stderr } = await runCli(["--json", "jobs", "list", "--stat"]);

    expect(JSON.parse(stderr)).toEqual({
      type: "urn:carillon:problem:usage",
      title: "Usage",
      detail: "unknown option '--stat'",
      hint: "Did you mean --state?",
    });
  });
});
