import { MAX_FILE_BYTES } from "../../api/contract/limits.ts";
import { MAX_PLANNED, type PlannedChange } from "../../api/contract/plan.ts";
import { ApiError } from "../sdk/api-error.ts";
import { CliError } from "./cli-error.ts";
import type { SourcedJob } from "./definition-files.ts";
import { exitCodeOf } from "./exit-code.ts";
import { faultsOf } from "./faults.ts";
import { printableLine } from "./printable.ts";
import type { Session } from "./session.ts";

/** Slots that are listed for people; the rest is counted. */
const MAX_LISTED_SLOTS = 5;
const MAX_VALUE_LENGTH = 60;
/** Room for what surrounds the definitions in a request. */
const ENVELOPE_BYTES = 1_024;

/** Asks the server what defining the jobs would change, in requests of a size that it takes. */
export async function planJobs(session: Session, jobs: readonly SourcedJob[]): Promise<readonly PlannedChange[]> {
  const client = await session.client();
  const changes: PlannedChange[] = [];
  for (const batch of batches(jobs)) {
    try {
      changes.push(
        ...(await client.jobs.plan(
          session.namespace,
          batch.map(({ definition }) => definition),
        )),
      );
    } catch (error) {
      throw error instanceof ApiError ? placed(error, batch) : error;
    }
  }
  return changes;
}

export function planText(changes: readonly PlannedChange[], session: Session): string {
  const lines = changes.flatMap((change) => changeLines(change, session));
  const count = (action: PlannedChange["action"]): number =>
    changes.filter((change) => change.action === action).length;
  const sum = `Plan: ${count("create")} to create, ${count("update")} to update, ${count("none")} unchanged`;
  return `${[...lines, sum].join("\n")}\n`;
}

function* batches(jobs: readonly SourcedJob[]): Generator<readonly SourcedJob[]> {
  let batch: SourcedJob[] = [];
  let bytes = ENVELOPE_BYTES;
  for (const job of jobs) {
    const size = Buffer.byteLength(JSON.stringify(job.definition)) + 1;
    if (batch.length === MAX_PLANNED || (batch.length > 0 && bytes + size > MAX_FILE_BYTES)) {
      yield batch;
      batch = [];
      bytes = ENVELOPE_BYTES;
    }
    batch.push(job);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Faults point into the request; here they are made to point into the file that the definition came from. */
function placed(error: ApiError, batch: readonly SourcedJob[]): Error {
  if (error.errors.length === 0) return error;
  const faults = faultsOf(error).map((fault) => {
    const [, index, pointer = ""] = /^\/definitions\/(\d+)(.*)$/.exec(fault.pointer) ?? [];
    const job = index === undefined ? undefined : batch[Number(index)];
    return job === undefined ? fault : { ...fault, pointer, place: job.locate(pointer) };
  });
  return new CliError(error.code, error.message, { exitCode: exitCodeOf(error), faults, cause: error });
}

const SIGNS: Readonly<Record<PlannedChange["action"], string>> = { create: "+", update: "~", none: "=" };
const WORDS: Readonly<Record<PlannedChange["action"], string>> = {
  create: "new",
  update: "changed",
  none: "unchanged",
};

function changeLines(
  { name, action, version, diff, slotsGained, slotsLost }: PlannedChange,
  session: Session,
): string[] {
  const at = version === undefined ? "" : `, version ${version}`;
  const fields =
    action === "update" ? diff.map(({ path, from, to }) => `    ${path}: ${valueText(from)} → ${valueText(to)}`) : [];
  return [
    `${SIGNS[action]} ${name} (${WORDS[action]}${at})`,
    ...fields.map(printableLine),
    ...slotLines("gained", slotsGained, session),
    ...slotLines("lost", slotsLost, session),
  ];
}

function slotLines(what: string, slots: readonly string[], session: Session): string[] {
  if (slots.length === 0) return [];
  const listed = slots.slice(0, MAX_LISTED_SLOTS).map((at) => session.instant(at));
  const more = slots.length > listed.length ? `, … (${slots.length} of the next 50)` : "";
  return [`    slots ${what}: ${listed.join(", ")}${more}`];
}

function valueText(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
