import type { Run } from "../../../api/contract/run.ts";
import type { Effect } from "../effects.ts";
import type { Operation } from "../operations.ts";
import type { JobReading, Violation } from "./history.ts";

/** Checks that what was acknowledged is there, what was refused is not, and nothing else is. */
export function checkOperations(
  operations: readonly Operation[],
  readings: readonly JobReading[],
  effects: readonly Effect[],
): readonly Violation[] {
  return [
    ...readings.flatMap((reading) => checkVersions(reading, operations)),
    ...checkTriggers(operations, readings),
    ...checkCancels(operations, readings, effects),
    ...operations.flatMap(checkAnswer),
  ];
}

const CHANGES: ReadonlySet<Operation["kind"]> = new Set(["define", "edit", "pause", "resume", "delete"]);

function checkVersions({ job, versions }: JobReading, operations: readonly Operation[]): readonly Violation[] {
  const changes = operations.filter((operation) => operation.job === job && CHANGES.has(operation.kind));
  const acknowledged = new Set<number>();
  const found: Violation[] = [];
  for (const { id, kind, outcome, answer, endedAtUptimeMs: atUptimeMs } of changes) {
    if (outcome !== "acknowledged") continue;
    if (kind === "delete") {
      if (versions.some(({ state }) => state === "deleted")) continue;
      found.push({ kind: "missing", text: `${id} has deleted job ${job}, and it has not been deleted`, atUptimeMs });
      continue;
    }
    const there = versions.find(({ version }) => version === answer?.version);
    if (there !== undefined) acknowledged.add(there.version);
    if (there?.since === answer?.since && there?.state === answer?.state) continue;
    const text = `${id} was told that job ${job} is ${JSON.stringify(answer)}, and there is ${JSON.stringify(there)}`;
    found.push({ kind: "missing", text, atUptimeMs });
  }
  // Those of a lost answer may be there; a deletion's answer does not tell its version.
  const possible = changes.filter(({ kind, outcome }) => outcome === "unknown" || kind === "delete").length;
  const others = versions.length - acknowledged.size;
  if (others > possible) {
    const text = `job ${job} has ${others} versions that were not acknowledged, and ${possible} changes may have made them`;
    found.push({ kind: "unexplained", text });
  }
  return found;
}

function checkTriggers(operations: readonly Operation[], readings: readonly JobReading[]): readonly Violation[] {
  const triggers = Map.groupBy(
    operations.filter(({ kind }) => kind === "trigger"),
    ({ id }) => id,
  );
  const manual = readings.flatMap(({ runs }) => runs.filter(({ cause }) => cause !== "slot"));
  const runs = Map.groupBy(manual, operationOf);
  const strays = [...runs].filter(([id]) => !triggers.has(id)).flatMap(([, found]) => found);
  return [
    ...strays.map((run): Violation => ({ kind: "unexplained", text: `run ${run.id} was asked for by nobody` })),
    ...[...triggers].flatMap(([id, asked]) => checkTrigger(asked, runs.get(id) ?? [])),
  ];
}

/** @param asked - requests with one key; more than one when it was sent twice at the same time */
function checkTrigger(asked: readonly Operation[], runs: readonly Run[]): readonly Violation[] {
  const [first] = asked;
  if (first === undefined) return [];
  const { id, job, endedAtUptimeMs: atUptimeMs } = first;
  const told = asked.flatMap(({ outcome, answer }) => (outcome === "acknowledged" ? [answer?.runId] : []));
  const names = runs.map((run) => run.id).join(", ") || "none";
  if (runs.length > 1)
    return [{ kind: "doubled", text: `${id} has asked for one run of ${job}, and there are ${names}`, atUptimeMs }];
  if (told.some((runId) => runId !== runs[0]?.id))
    return [{ kind: "missing", text: `${id} was told of run ${told.join(", ")}, and there is ${names}`, atUptimeMs }];
  if (runs.length === 1 && asked.every(({ outcome }) => outcome === "refused"))
    return [{ kind: "unexplained", text: `${id} was refused (${first.reason}), and there is ${names}`, atUptimeMs }];
  return [];
}

function checkCancels(
  operations: readonly Operation[],
  readings: readonly JobReading[],
  effects: readonly Effect[],
): readonly Violation[] {
  const runs = new Map(readings.flatMap((reading) => reading.runs.map((run) => [run.id, run] as const)));
  return operations
    .filter(({ kind, outcome }) => kind === "cancel" && outcome === "acknowledged")
    .flatMap(({ id, answer, endedAtUptimeMs: atUptimeMs }): readonly Violation[] => {
      const run = runs.get(answer?.runId ?? "");
      if (run === undefined)
        return [{ kind: "missing", text: `${id} has cancelled a run that is not there`, atUptimeMs }];
      if (answer?.status === "cancelled" && run.status !== "cancelled")
        return [{ kind: "missing", text: `${id} has cancelled run ${run.id}, which is ${run.status}`, atUptimeMs }];
      const late = effects.find(
        (effect) =>
          effect.runId === run.id &&
          effect.phase === "begin" &&
          effect.attempt > (answer?.attempt ?? 0) &&
          effect.atUptimeMs > atUptimeMs,
      );
      if (run.attempt === answer?.attempt && late === undefined) return [];
      const text = `${id} has cancelled run ${run.id} at attempt ${answer?.attempt}, and there are ${run.attempt}`;
      return [{ kind: "revived", text, atUptimeMs: late?.atUptimeMs ?? atUptimeMs }];
    });
}

/** Whatever happens to the platform, it has words for it. */
function checkAnswer({ id, kind, job, problemStatus, reason, endedAtUptimeMs }: Operation): readonly Violation[] {
  if (problemStatus !== 500) return [];
  return [{ kind: "failed", text: `${id} (${kind} of ${job}): ${reason}`, atUptimeMs: endedAtUptimeMs }];
}

/** The operation that a manual run says that it comes from. */
function operationOf({ parameters }: Run): string {
  const { operation } = parameters ?? {};
  return typeof operation === "string" ? operation : "";
}
