import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const LAUNCHER = fileURLToPath(new URL("../../../bin/carillon-cli.js", import.meta.url));

/** Makes a process believe that it runs on an older Node, until it has handed over or for good. */
const OLD_UNTIL_HANDED_OVER = fakeVersion('process.env["CARILLON_HANDED_OVER"] === undefined');
const OLD_FOR_GOOD = fakeVersion("true");

function fakeVersion(condition: string): string {
  const code = `if (${condition}) Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } })`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, ...argv], {
    env: { PATH: process.env["PATH"], CARILLON_TOKEN: "t-1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function run(argv: readonly string[], env?: Readonly<Record<string, string>>, stdin = "") {
  const child = start(argv, env);
  child.stdin?.end(stdin);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, "exit"),
  ]);
  return { exitCode: exitCode as unknown, stdout, stderr };
}

async function textOf(stream: ChildProcess["stdout"]): Promise<string> {
  return stream === null ? "" : text(stream);
}

/** A server on this machine; resolves `asked` with the first request. */
async function listen(answer: string | undefined): Promise<{ readonly url: string; readonly asked: Promise<unknown> }> {
  const server = createServer((_, response) => {
    if (answer !== undefined) response.setHeader("content-type", "application/json").end(answer);
  });
  const asked = once(server, "request");
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe("the launcher", () => {
  it.each([{}, { NODE_OPTIONS: OLD_UNTIL_HANDED_OVER }])(
    "hands on arguments, input and exit code, with %j",
    async (env) => {
      const asked = await run(["--help"], env);
      const wrong = await run(["apply", "-f", "-"], env, "name: [");

      expect(asked).toMatchObject({ exitCode: 0, stderr: "" });
      expect(asked.stdout).toMatch(/^Usage: carillon /);
      expect(wrong).toMatchObject({ exitCode: 2, stdout: "" });
      expect(wrong.stderr).toMatch(/^error\[yaml-syntax\]: standard input:1:/);
    },
  );

  it("says which Node it needs when the packaged one is too old as well", async () => {
    const { exitCode, stderr } = await run(["--help"], { NODE_OPTIONS: OLD_FOR_GOOD });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error\[usage\]: Cannot run on Node 20\.11\.0: Node 24 is needed; .*\n$/);
  });

  it("passes signals on and ends as the command did", async () => {
    const { url, asked } = await listen(undefined);
    const child = start(["whoami"], { CARILLON_URL: url, NODE_OPTIONS: OLD_UNTIL_HANDED_OVER });
    await asked;

    child.kill("SIGTERM");

    expect(await once(child, "exit")).toEqual([143, null]);
  });

  it("ends quietly when its reader goes away", async () => {
    const items = Array.from({ length: 50_000 }, (_, index) => ({
      id: `w-${index}`,
      pool: "p",
      running: [],
      startedAt: "x",
    }));
    const { url } = await listen(JSON.stringify({ items }));
    const child = start(["workers", "list", "--pool", "p"], { CARILLON_URL: url });
    const complaints = textOf(child.stderr);
    child.stdout?.once("data", () => child.stdout?.destroy());

    expect(await once(child, "exit")).toEqual([0, null]);
    expect(await complaints).toBe("");
  });
});
