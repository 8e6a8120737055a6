import type { Problem } from "../../api/contract/problem.ts";
import { ApiError } from "../sdk/api-error.ts";
import type { CarillonClient } from "../sdk/client.ts";
import type { SourcedJob } from "./definition-files.ts";
import { EXIT_CODES } from "./exit-code.ts";
import { reportError } from "./report-error.ts";
import type { Session } from "./session.ts";
import { table } from "./table.ts";

/** What became of one definition. */
export type Applied =
  | {
      readonly name: string;
      readonly action: "created" | "updated" | "unchanged";
      readonly version: number;
      readonly nextSlotAt?: string | undefined;
      readonly warnings?: readonly { readonly code: string; readonly detail: string }[] | undefined;
    }
  | { readonly name: string; readonly action: "failed"; readonly problem: Problem };

/**
 * Defines jobs one after the other and shows what became of each. A refused one does not keep the others from being
 * defined; the first refusal decides how the command ends.
 */
export async function applyJobs(session: Session, jobs: readonly SourcedJob[]): Promise<readonly Applied[]> {
  const client = await session.client();
  const applied: Applied[] = [];
  for (const job of jobs) {
    try {
      applied.push(await applyJob(client, session.namespace, job));
    } catch (error) {
      if (!(error instanceof ApiError) || isHopeless(error)) throw error;
      applied.push({ name: job.definition.name, action: "failed", problem: error.problem });
      const isFirst = session.exitCode === EXIT_CODES.ok;
      // With --json there is one document on standard error too; the others stand in the result.
      if (!isFirst && session.isJson) continue;
      const exitCode = reportError(error, { io: session.io, isJson: session.isJson, locate: job.locate });
      if (isFirst) session.exitCode = exitCode;
    }
  }
  session.show({ jobs: applied }, { human: () => appliedText(applied, session), quiet: () => "" });
  for (const { name, warnings } of applied.flatMap((job) => (job.action === "failed" ? [] : [job]))) {
    for (const { code, detail } of warnings ?? []) session.note(`warning[${code}]: ${name}: ${detail}`);
  }
  return applied;
}

async function applyJob(client: CarillonClient, namespace: string, { definition }: SourcedJob): Promise<Applied> {
  const { name } = definition;
  const before = await client.jobs.find({ namespace, job: name });
  const expected = before === undefined ? ({ ifAbsent: true } as const) : { ifVersion: before.version };
  const { version, nextSlotAt, warnings } = await client.jobs.put(namespace, definition, expected);
  const isSame = before?.version === version;
  return {
    name,
    action: before === undefined ? "created" : isSame ? "unchanged" : "updated",
    version,
    nextSlotAt,
    warnings,
  };
}

/** What is refused for its token or its rate is refused for the next definition too. */
function isHopeless({ status }: ApiError): boolean {
  return status === 401 || status === 403 || status === 429 || status >= 500;
}

function appliedText(applied: readonly Applied[], session: Session): string {
  const rows = applied.map((job) =>
    job.action === "failed"
      ? [job.name, job.action, undefined, undefined]
      : [job.name, job.action, job.version, session.instant(job.nextSlotAt)],
  );
  return table(["JOB", "ACTION", "VERSION", "NEXT SLOT"], rows);
}
