import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CarillonClient } from "../../client/sdk/client.ts";
import type { Run } from "../../api/contract/run.ts";

/**
 * `npm run rig`: several servers on one data folder, hundreds of jobs that fire each second, and a server killed with
 * SIGKILL again and again (its workers with it), each replaced by a new one. Then the ledger of every job is read:
 * nothing unexplained, nothing twice. Exits with 1 otherwise.
 */
const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "3" },
    jobs: { type: "string", default: "500" },
    seconds: { type: "string", default: "60" },
    "kill-every": { type: "string", default: "10" },
  },
});
const SERVERS = Number(values.servers);
const JOBS = Number(values.jobs);
const SECONDS = Number(values.seconds);
const KILL_EVERY_S = Number(values["kill-every"]);
const NAMESPACE = "rig";
const SETTLE_S = 60;

const MAIN = fileURLToPath(new URL("../../server/main.ts", import.meta.url));
const HANDLERS = fileURLToPath(new URL("handlers", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "carillon-rig-"));
const servers = new Map<ChildProcess, string>();

try {
  process.exitCode = await play();
} finally {
  await Promise.all([...servers.keys()].map(stop));
  rmSync(folder, { recursive: true, force: true });
}

async function play(): Promise<number> {
  await start();
  const { token } = JSON.parse(readFileSync(join(folder, "cli.json"), "utf8")) as { token: string };
  for (let i = 1; i < SERVERS; i += 1) await start();
  const names = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
  for (const name of names) {
    const schedule = { cron: "* * * * * *" };
    const executor = { type: "handler", module: "noop.ts", inline: true } as const;
    await client(token).jobs.put(NAMESPACE, { name, schedule, executor, overlap: "allow" }, { ifAbsent: true });
  }
  const fromMs = Math.ceil(Date.now() / 1_000) * 1_000;
  const toMs = fromMs + SECONDS * 1_000;
  for (let atMs = fromMs + KILL_EVERY_S * 1_000; atMs < toMs; atMs += KILL_EVERY_S * 1_000) {
    await until(atMs);
    await killOne();
    await start();
  }
  await until(toMs);
  for (const job of names) await client(token).jobs.pause({ namespace: NAMESPACE, job });

  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  let total = await addUp(token, names, range);
  for (let second = 0; second < SETTLE_S && total.pending > 0; second += 5) {
    await until(Date.now() + 5_000);
    total = await addUp(token, names, range);
  }
  process.stdout.write(
    `${JSON.stringify({ servers: SERVERS, jobs: JOBS, seconds: SECONDS, ...total }, undefined, 2)}\n`,
  );
  const isWhole =
    total.expected === JOBS * SECONDS && total.unexplained === 0 && total.pending === 0 && total.doubles === 0;
  return isWhole ? 0 : 1;
}

async function addUp(token: string, names: readonly string[], range: { from: string; to: string }) {
  const total = {
    expected: 0,
    fired: 0,
    skipped: 0,
    pending: 0,
    unexplained: 0,
    attempts: 0,
    doubles: 0,
    lost: 0,
    latenessP99Ms: 0,
  };
  for (const job of names) {
    const ledger = await client(token).jobs.ledger({ namespace: NAMESPACE, job }, range);
    total.expected += ledger.expected;
    total.fired += ledger.fired;
    total.skipped += ledger.skippedTotal;
    total.pending += ledger.pending;
    total.unexplained += ledger.unexplained;
    total.attempts += ledger.attempts;
    total.latenessP99Ms = Math.max(total.latenessP99Ms, ledger.lateness?.p99Ms ?? 0);
    for await (const run of client(token).jobs.runs({ namespace: NAMESPACE, job })) {
      total.lost += run.attempts.filter(({ outcome }) => outcome === "lost").length;
      total.doubles += isDouble(run) ? 1 : 0;
    }
  }
  return total;
}

/** A slot that was executed to its end twice, or that has more attempts than were lost. */
function isDouble(run: Run): boolean {
  const lost = run.attempts.filter(({ outcome }) => outcome === "lost" || outcome === "drained").length;
  return run.attempt > lost + 1;
}

async function start(): Promise<void> {
  const flags = ["--data", folder, "--port", "0", "--workers", "1", "--slots", "200", "--handlers", HANDLERS];
  const server = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: server.stdout }).on("line", (line) => {
      const match = /running at (\S+),/.exec(line);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    server.on("exit", (code) => reject(new Error(`A server ended with ${code} before it was ready`)));
  });
  servers.set(server, url);
}

/** Kills the oldest server; its workers see that it is gone. */
async function killOne(): Promise<void> {
  const [server] = servers.keys();
  if (server === undefined) return;
  servers.delete(server);
  server.kill("SIGKILL");
  await new Promise((resolve) => server.once("exit", resolve));
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  server.kill("SIGTERM");
  await new Promise((resolve) => server.once("exit", resolve));
}

function client(token: string): CarillonClient {
  const [url] = servers.values();
  if (url === undefined) throw new Error("Cannot ask: no server is running");
  return new CarillonClient({ url, token });
}

function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - Date.now())));
}
