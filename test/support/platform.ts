import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CarillonClient } from "../../client/sdk/client.ts";

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url));

export interface Platform {
  readonly client: CarillonClient;
  readonly url: string;
  /** Of an admin. */
  readonly token: string;
  /** What the server and its workers have written to standard error so far, line by line. */
  readonly log: readonly string[];
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends the server as a crash would; its workers see that and end by themselves. */
  kill(): Promise<void>;
}

/** Starts `server/main.ts` as a process of its own on a data folder and any free port. */
export async function startPlatform(
  folder: string,
  { workers = 1, slots = 8, flags = [] }: { workers?: number; slots?: number; flags?: readonly string[] } = {},
): Promise<Platform> {
  const options = ["--data", folder, "--port", "0", "--workers", String(workers), "--slots", String(slots), ...flags];
  const server = spawn(process.execPath, [MAIN, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  const url = await listeningAt(server, log);
  const { token } = JSON.parse(readFileSync(join(folder, "cli.json"), "utf8")) as { token: string };
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (server.exitCode !== null || server.signalCode !== null) return resolve();
      server.once("exit", () => resolve());
      server.kill(signal);
    });
  const client = new CarillonClient({ url, token });
  return { client, url, token, log, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

/** @param log - gathers what the server complains of, from now to its end */
function listeningAt(server: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout, stderr } = server;
    if (stdout === null || stderr === null) throw new Error("Cannot read the output of the server");
    createInterface({ input: stderr }).on("line", (line) => log.push(line));
    createInterface({ input: stdout }).on("line", (line) => {
      const match = /running at (\S+),/.exec(line);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    server.once("exit", (code) => reject(new Error(`The server ended with ${code}:\n${log.join("\n")}`)));
  });
}
