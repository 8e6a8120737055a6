import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CarillonClient } from "../../client/sdk/client.ts";
import { approveEtl, startEtl, summariseEtl } from "./etl.ts";
import { importExamples } from "./imports.ts";
import { demoJobs } from "./jobs.ts";
import { folded, Screen } from "./screen.ts";
import { startPlatform } from "./server-process.ts";
import { type JobSummary, NAMESPACE, summarise } from "./summary.ts";

/**
 * `npm run demo`: the main job end to end, unattended, in under a minute. Imports real crontabs and manifests, fires
 * second-level jobs and a workflow that asks for an approval, kills a worker in the middle, pauses and resumes, and reads the
 * ledger. Exits with 1 when a promise was broken.
 */
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const WORKFLOW_AT_S = 2;
const KILL_AT_S = 8;
const PAUSE_AT_S = 12;
const APPROVE_AT_S = 14;
const RESUME_AT_S = 17;
const END_AT_S = 26;
/** Longest wait for the last runs: a killed worker's run starts anew some seconds late and takes three. */
const SETTLE_S = 15;
const DRAW_EVERY_S = process.stdout.isTTY ? 1 : 5;

const screen = new Screen((text) => values.json || process.stdout.write(text), process.stdout.isTTY);
const folder = mkdtempSync(join(tmpdir(), "carillon-demo-"));
const target = await startTarget();
const platform = await startPlatform(folder, { allow: `127.0.0.1:${target.port}` });
try {
  process.exitCode = await play();
} finally {
  await platform.stop();
  target.close();
  rmSync(folder, { recursive: true, force: true });
}

async function play(): Promise<number> {
  const client = new CarillonClient(platform);
  screen.say(`Carillon is running at ${platform.url}, its data in ${folder}`);
  const imported = await importExamples(client, Date.now());
  for (const { source, jobs, notes } of imported) screen.say(`imported ${jobs} jobs from ${source} (${notes} notes)`);

  const definitions = demoJobs(`http://127.0.0.1:${target.port}`);
  for (const definition of definitions) await client.jobs.put(NAMESPACE, definition, { ifAbsent: true });
  const names = definitions.map(({ name }) => name);
  screen.say(`defined ${names.length} jobs that fire every second or every few`);

  const startMs = Math.ceil(Date.now() / 1_000) * 1_000;
  const from = new Date(startMs).toISOString();
  const heartbeat = { namespace: NAMESPACE, job: "heartbeat" };
  let killedWorker = "";
  let etl = "";
  for (let second = 1; second <= END_AT_S; second += 1) {
    await until(startMs + second * 1_000);
    if (second === WORKFLOW_AT_S) {
      etl = await startEtl(client, { namespace: NAMESPACE, folder: join(folder, "etl") });
      screen.say(`${clock()} started the workflow daily-etl`);
    }
    if (second === KILL_AT_S) {
      killedWorker = await killBusiestWorker(client);
      screen.say(`${clock()} killed worker ${killedWorker} with SIGKILL`);
    }
    if (second === PAUSE_AT_S) {
      await client.jobs.pause(heartbeat, { note: "demo" });
      screen.say(`${clock()} paused heartbeat`);
    }
    if (second === APPROVE_AT_S) {
      await approveEtl(client, etl);
      screen.say(`${clock()} approved what the workflow had loaded`);
    }
    if (second === RESUME_AT_S) {
      await client.jobs.resume(heartbeat, { missed: "last" });
      screen.say(`${clock()} resumed heartbeat: of the missed slots, the last`);
    }
    if (second % DRAW_EVERY_S === 0) screen.draw(folded(await countAll(client, names, from)));
  }
  const to = new Date(startMs + END_AT_S * 1_000).toISOString();
  for (const job of names) await client.jobs.pause({ namespace: NAMESPACE, job }, { note: "end of the demo" });

  const summaryOf = async () =>
    summarise(client, {
      workflow: await summariseEtl(client, etl),
      from,
      to,
      names,
      killedWorker,
      httpCalls: target.calls(),
      imported: imported.reduce((sum, { jobs }) => sum + jobs, 0),
    });
  let summary = await summaryOf();
  for (let second = 0; second < SETTLE_S && summary.broken.length > 0; second += 1) {
    await until(Date.now() + 1_000);
    summary = await summaryOf();
  }
  screen.finish(summary);
  if (values.json) process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
  return summary.broken.length === 0 ? 0 : 1;
}

async function countAll(
  client: CarillonClient,
  names: readonly string[],
  from: string,
): Promise<readonly JobSummary[]> {
  const to = new Date().toISOString();
  return Promise.all(
    names.map(async (job) => ({ job, ...(await client.jobs.ledger({ namespace: NAMESPACE, job }, { from, to })) })),
  );
}

/** Kills the worker process that executes most at this moment, in the midst of it. */
async function killBusiestWorker(client: CarillonClient): Promise<string> {
  for (;;) {
    let busiest: { id: string; pid: number; running: number } | undefined;
    for (const { id, pid, running, state } of await client.pools.workers("default")) {
      if (state === "gone" || pid === undefined || running.length <= (busiest?.running ?? 0)) continue;
      if (running.some((runId) => runId.includes(".long@"))) busiest = { id, pid, running: running.length };
    }
    if (busiest !== undefined) {
      process.kill(busiest.pid, "SIGKILL");
      return busiest.id;
    }
    await until(Date.now() + 100);
  }
}

async function startTarget() {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    request.resume();
    response.end("pong");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, calls: () => calls, close: () => server.close() };
}

function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - Date.now())));
}

function clock(): string {
  return new Date().toISOString().slice(11, 19);
}
