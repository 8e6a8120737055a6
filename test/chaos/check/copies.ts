import type { CopyFinding, Violation } from "./history.ts";
import { isFinal } from "./runs.ts";

/** Checks that what was acknowledged before a loss of power is there after it. */
export function checkCopies(copies: readonly CopyFinding[]): readonly Violation[] {
  return copies.flatMap(checkCopy);
}

function checkCopy({ name, atUptimeMs, owed, owedFinals, integrity, contents }: CopyFinding): readonly Violation[] {
  if (integrity !== "ok") return [{ kind: "corrupt", text: `${name}: ${integrity}`, atUptimeMs }];
  const cancelling = new Set(contents.cancelling);
  const versions = new Set(contents.versions);
  const found: string[] = [];
  for (const { id, kind, job, answer } of owed) {
    const status = contents.runs[answer?.runId ?? ""];
    if (kind === "trigger" && contents.triggered[id] === undefined) found.push(`the run of ${id}`);
    if (answer?.version !== undefined && !versions.has(`${job}@${answer.version}`))
      found.push(`version ${answer.version} of job ${job} (${id})`);
    if (kind !== "cancel" || answer?.runId === undefined) continue;
    const isKept =
      status === "cancelled" || (answer.status !== "cancelled" && (cancelling.has(answer.runId) || isOver(status)));
    if (!isKept) found.push(`the cancellation of run ${answer.runId}, which is ${status} (${id})`);
  }
  for (const { id, status } of owedFinals)
    if (contents.runs[id] !== status) found.push(`the end of run ${id}: ${status}, and not ${contents.runs[id]}`);
  return found.map((what) => ({ kind: "missing", text: `${name} does not hold ${what}`, atUptimeMs }));
}

function isOver(status: string | undefined): boolean {
  return status !== undefined && isFinal({ status });
}
