import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { answered, runCli, scripted } from "./run-cli.ts";

const WHOAMI = {
  "GET /v1/whoami": answered({ id: "1", name: "ana", role: "viewer", createdAt: "2026-03-08T07:30:00.000Z" }),
};

/** A folder with the file that a server writes. */
function folderWithAccess(text: string, mode = 0o600): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, ".carillon"));
  const file = join(folder, ".carillon", "cli.json");
  writeFileSync(file, text);
  chmodSync(file, mode);
  return folder;
}

const ACCESS = JSON.stringify({ url: "http://127.0.0.1:5999", token: "from-file" });

describe("the server and the token", () => {
  it("come from the file that a server on this machine has written", async () => {
    const server = scripted(WHOAMI);

    const { exitCode } = await runCli(["whoami"], { ...server, env: {}, cwd: folderWithAccess(ACCESS) });

    expect(exitCode).toBe(0);
    expect(server.sent).toMatchObject([
      { url: "http://127.0.0.1:5999/v1/whoami", headers: { authorization: "Bearer from-file" } },
    ]);
  });

  it("come from the data folder that CARILLON_DATA names", async () => {
    const server = scripted(WHOAMI);
    const env = { CARILLON_DATA: join(folderWithAccess(ACCESS), ".carillon") };

    await runCli(["whoami"], { ...server, env });

    expect(server.sent[0]?.url).toBe("http://127.0.0.1:5999/v1/whoami");
  });

  it("come from the environment before the file", async () => {
    const server = scripted(WHOAMI);
    const env = { CARILLON_URL: "https://carillon.example.org", CARILLON_TOKEN: "from-env" };

    await runCli(["whoami"], { ...server, env, cwd: folderWithAccess(ACCESS) });

    expect(server.sent).toMatchObject([
      { url: "https://carillon.example.org/v1/whoami", headers: { authorization: "Bearer from-env" } },
    ]);
  });

  it("never join the file's token with another address", async () => {
    const server = scripted(WHOAMI);

    await runCli(["whoami", "--url", "https://elsewhere.example.org"], {
      ...server,
      env: {},
      cwd: folderWithAccess(ACCESS),
    });

    expect(server.sent[0]?.url).toBe("https://elsewhere.example.org/v1/whoami");
    expect(server.sent[0]?.headers).not.toHaveProperty("authorization");
  });

  it("are the default address and no token when nothing is said", async () => {
    const server = scripted(WHOAMI);

    await runCli(["whoami"], { ...server, env: {}, cwd: temporaryFolder() });

    expect(server.sent[0]?.url).toBe("http://127.0.0.1:4680/v1/whoami");
    expect(server.sent[0]?.headers).not.toHaveProperty("authorization");
  });
});

describe("a file with a token is refused", () => {
  it.each([0o644, 0o640, 0o606])("when its mode is %o, as others may read it", async (mode) => {
    const server = scripted(WHOAMI);

    const { exitCode, stderr } = await runCli(["whoami"], { ...server, env: {}, cwd: folderWithAccess(ACCESS, mode) });

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error\[configuration-unsafe\]: Cannot use .*cli\.json: its mode is 0\d{3}/);
    expect(stderr).toContain("hint: chmod 600 ");
    expect(server.sent).toHaveLength(0);
  });

  it.each(["", "{", "[]", "null", '{"url":"http://127.0.0.1:1"}', '{"url":1,"token":"x"}'])(
    "when it holds %j",
    async (text) => {
      const { exitCode, stderr } = await runCli(["whoami"], { env: {}, cwd: folderWithAccess(text) });

      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/^error\[configuration-invalid\]/);
    },
  );

  it("when it is a device or a folder", async () => {
    const folder = temporaryFolder();
    symlinkSync("/dev/zero", join(folder, "cli.json"));

    const { exitCode, stderr } = await runCli(["whoami"], { env: { CARILLON_DATA: folder } });

    expect(exitCode).toBe(2);
    expect(stderr).toContain("it must be a file of at most 64 KB");
  });
});

describe("a token over plain HTTP", () => {
  const env = { CARILLON_URL: "http://carillon.example.org", CARILLON_TOKEN: "t-1" };

  it("is not sent to another machine", async () => {
    const server = scripted(WHOAMI);

    const { exitCode, stderr } = await runCli(["whoami"], { ...server, env });

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error\[insecure-address\]: Cannot send the token to http:\/\/carillon\.example\.org/);
    expect(server.sent).toHaveLength(0);
  });

  it("is sent where the user trusts the network", async () => {
    const server = scripted(WHOAMI);

    expect(await runCli(["whoami"], { ...server, env: { ...env, CARILLON_ALLOW_HTTP: "1" } })).toMatchObject({
      exitCode: 0,
    });
  });

  it.each(["http://localhost:4680", "http://127.0.0.1:4680", "http://[::1]:4680"])("is sent to %s", async (url) => {
    const server = scripted(WHOAMI);

    expect(await runCli(["whoami"], { ...server, env: { ...env, CARILLON_URL: url } })).toMatchObject({ exitCode: 0 });
  });

  it("is not taken from an address that only looks like this machine", async () => {
    const server = scripted(WHOAMI);
    const url = "http://127.0.0.1.example.org";

    expect(await runCli(["whoami"], { ...server, env: { ...env, CARILLON_URL: url } })).toMatchObject({ exitCode: 2 });
  });
});
