import type { Attempt, Run } from "../../../api/contract/run.ts";
import type { JobReading, Violation } from "./history.ts";

/** As many ended attempts as the API tells of. */
const MAX_TOLD = 20;
/** What may be followed by another attempt. */
const FOLLOWED: ReadonlySet<Attempt["outcome"]> = new Set(["failed", "timedOut", "lost", "drained"]);
/** What does not count among the attempts that a job allows. */
const NOT_CHARGED: ReadonlySet<Attempt["outcome"]> = new Set(["lost", "drained"]);

/** Checks that each run has ended, once, after attempts that explain each other. */
export function checkRuns({ runs, versions }: JobReading): readonly Violation[] {
  return runs.flatMap((run) => {
    const definition = versions.find(({ version }) => version === run.version)?.definition;
    return checkRun(run, definition?.retry?.maxAttempts ?? 1);
  });
}

export function isFinal({ status }: { readonly status: string }): boolean {
  return status !== "queued" && status !== "running" && status !== "retrying";
}

function checkRun(run: Run, maxAttempts: number): readonly Violation[] {
  const { id, status, attempt, attempts } = run;
  const atHostMs = Date.parse(run.startedAt ?? run.dueAt);
  if (!isFinal(run)) return [{ kind: "lost", text: `run ${id} is ${status} and does not end`, atHostMs }];
  const told = `run ${id}, ${status} after ${attempts.map(({ outcome }) => outcome).join(", ") || "no attempt"},`;
  const found: Violation[] = [];
  const add = (kind: Violation["kind"], text: string) => found.push({ kind, text: `${told} ${text}`, atHostMs });
  const isWhole = attempts.length === Math.min(attempt, MAX_TOLD);
  if (!isWhole || attempts.some((each, index) => each.attempt !== attempt - attempts.length + index + 1))
    add("doubled", `counts ${attempt} attempts and tells of ${attempts.map((each) => each.attempt).join(", ")}`);
  for (const each of attempts.slice(0, -1))
    if (!FOLLOWED.has(each.outcome)) add("doubled", `went on after attempt ${each.attempt} had ${each.outcome}`);
  const charged = attempts.filter(({ outcome }) => !NOT_CHARGED.has(outcome)).length;
  if (charged > maxAttempts) add("doubled", `was charged ${charged} of the ${maxAttempts} attempts that it has`);
  const last = attempts.at(-1)?.outcome;
  if ((status === "succeeded") !== (last === "succeeded")) add("phantom", "does not end as its last attempt does");
  if ((status === "skipped" || status === "expired") && attempt > 0) add("phantom", "is told to have had no execution");
  return found;
}

/** Checks that what was final stays as it was. */
export function checkFinals(before: readonly Run[], after: readonly Run[]): readonly Violation[] {
  const later = new Map(after.map((run) => [run.id, run]));
  return before
    .filter((run) => isFinal(run))
    .flatMap((run): readonly Violation[] => {
      const found = later.get(run.id);
      const atHostMs = Date.parse(run.endedAt ?? run.dueAt);
      if (found === undefined)
        return [{ kind: "missing", text: `run ${run.id}, ${run.status}, is not there`, atHostMs }];
      if (fingerprint(found) === fingerprint(run)) return [];
      return [
        { kind: "changed", text: `run ${run.id} was ${fingerprint(run)} and is ${fingerprint(found)}`, atHostMs },
      ];
    });
}

function fingerprint({ status, attempt, endedAt, attempts, result, error }: Run): string {
  return JSON.stringify({ status, attempt, endedAt, outcomes: attempts.map(({ outcome }) => outcome), result, error });
}
