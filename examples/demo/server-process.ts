import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
const HANDLERS = fileURLToPath(new URL("handlers", import.meta.url));

export interface DemoServer {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/** Starts the platform as `npm start` does, in a folder of its own and on any free port. */
export async function startPlatform(folder: string, { allow }: { readonly allow: string }): Promise<DemoServer> {
  const server = spawn(
    process.execPath,
    [
      MAIN,
      "--data",
      folder,
      "--port",
      "0",
      "--workers",
      "2",
      "--slots",
      "16",
      "--handlers",
      HANDLERS,
      "--allow",
      allow,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const complaints: string[] = [];
  createInterface({ input: server.stderr }).on("line", (line) => complaints.push(line));
  await firstLine(server, "Carillon is running", complaints);
  const { url, token } = JSON.parse(readFileSync(join(folder, "cli.json"), "utf8")) as { url: string; token: string };
  return {
    url,
    token,
    stop: () =>
      new Promise((resolve) => {
        server.on("exit", () => resolve());
        server.kill("SIGTERM");
      }),
  };
}

function firstLine(server: ChildProcess, beginning: string, complaints: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    if (server.stdout === null) throw new Error("Cannot read the platform's output");
    createInterface({ input: server.stdout }).on("line", (line) => {
      if (line.startsWith(beginning)) resolve();
    });
    server.on("exit", (code) => reject(new Error(`The platform ended with ${code}: ${complaints.join("\n")}`)));
  });
}
