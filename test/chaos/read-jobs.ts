import type { CarillonClient } from "../../client/sdk/client.ts";
import type { JobReading } from "./check/history.ts";
import { NAMESPACE } from "./workload.ts";

const DAY_MS = 86_400_000;

/** Reads all that the API tells of the jobs. Jobs that were never defined are left out. */
export async function readJobs(
  client: CarillonClient,
  jobs: readonly string[],
  hostNowMs: number,
): Promise<readonly JobReading[]> {
  const readings: JobReading[] = [];
  for (const job of jobs) {
    const key = { namespace: NAMESPACE, job };
    const versions = await all(client.jobs.versions(key)).catch((error: unknown) => {
      if (isNotFound(error)) return [];
      throw error;
    });
    if (versions.length === 0) continue;
    const range = { from: new Date(hostNowMs - DAY_MS).toISOString(), to: new Date(hostNowMs + DAY_MS).toISOString() };
    const rows = await all(client.jobs.ledgerRows(key, range));
    readings.push({
      job,
      versions: versions.toReversed(),
      runs: await all(client.jobs.runs(key)),
      gaps: rows.flatMap((row) => ("gap" in row ? [row.gap] : [])),
      ledger: await client.jobs.ledger(key, range),
    });
  }
  return readings;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}
