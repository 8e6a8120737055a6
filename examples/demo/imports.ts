import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importCrontab } from "../../client/import/crontab.ts";
import type { ImportResult } from "../../client/import/import-result.ts";
import { importK8sCronJobs } from "../../client/import/k8s.ts";
import type { CarillonClient } from "../../client/sdk/client.ts";

const EXAMPLES = fileURLToPath(new URL("..", import.meta.url));
export const IMPORTED = "imported";
const DAY_MS = 86_400_000;

export interface Imported {
  readonly source: string;
  readonly jobs: number;
  readonly notes: number;
}

/**
 * Imports real crontabs and Kubernetes manifests. Their commands are for other machines, so they start a day from now:
 * the demo runs nothing of them.
 */
export async function importExamples(client: CarillonClient, nowMs: number): Promise<readonly Imported[]> {
  const startAt = new Date(nowMs + DAY_MS).toISOString();
  const imported: Imported[] = [];
  for (const [source, result] of readExamples()) {
    for (const job of result.jobs) {
      await client.jobs.put(IMPORTED, { ...job, schedule: { ...job.schedule, startAt } }, { ifAbsent: true });
    }
    for (const job of result.paused)
      await client.jobs.pause({ namespace: IMPORTED, job }, { note: `suspended in ${source}` });
    imported.push({ source, jobs: result.jobs.length, notes: result.notes.length });
  }
  return imported;
}

function* readExamples(): Iterable<[string, ImportResult]> {
  for (const format of ["system", "user"] as const) {
    const source = `crontab.${format}`;
    yield [source, importCrontab(readFileSync(join(EXAMPLES, source), "utf8"), { format, source })];
  }
  for (const file of readdirSync(join(EXAMPLES, "k8s")).toSorted()) {
    const source = `k8s/${file}`;
    yield [source, importK8sCronJobs(readFileSync(join(EXAMPLES, source), "utf8"), { source })];
  }
}
