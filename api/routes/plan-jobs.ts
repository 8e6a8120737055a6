import type { JobDefinition } from "../../core/job/definition.ts";
import { checkDefinition } from "../../core/job/check-definition.ts";
import { type JobVersion, jobKeyText } from "../../core/job/version.ts";
import { compileSchedule } from "../../core/schedule/compile.ts";
import type { Schedule, VersionedCalendar } from "../../core/schedule/schedule.ts";
import type { Core } from "../../core/services/core.ts";
import { PLANNED_SLOTS, type PlannedChange } from "../contract/plan.ts";
import { type FieldError, ProblemError, problemOfErrors } from "../contract/problem.ts";
import { iso } from "../present/iso.ts";
import { at, toProblem } from "../request/to-problem.ts";
import { checkDefinitionSize } from "./check-definition-size.ts";
import { diffJson } from "./diff-json.ts";
import type { ApiContext } from "./handler.ts";
import { newestCalendars } from "../../core/services/newest-calendars.ts";

/**
 * Tells what defining jobs would change, without changing anything.
 *
 * @throws {ProblemError} with the faults of all definitions together
 */
export async function planJobs(
  { core, limits }: Pick<ApiContext, "core" | "limits">,
  namespace: string,
  definitions: readonly JobDefinition[],
): Promise<PlannedChange[]> {
  const changes: PlannedChange[] = [];
  const errors: FieldError[] = findRepeatedNames(definitions);
  for (const [index, definition] of definitions.entries()) {
    const prefix = `/definitions/${index}`;
    try {
      const change = await at({ prefix, schedulePrefix: `${prefix}/schedule` }, () => {
        checkDefinitionSize(definition, prefix);
        checkDefinition(definition, namespace, limits);
        return planJob(core, namespace, definition);
      });
      changes.push(change);
    } catch (error) {
      errors.push(...fieldErrors(error, prefix));
    }
  }
  if (errors.length > 0) throw new ProblemError(problemOfErrors(errors));
  return changes;
}

async function planJob(core: Core, namespace: string, definition: JobDefinition): Promise<PlannedChange> {
  const { name } = definition;
  const nowMs = Math.floor(core.clock.nowMs());
  const stored = (await core.jobs.find(namespace, name))?.compiled;
  const current = stored?.version.state === "deleted" ? undefined : stored;
  const calendars = await newestCalendars(core, namespace, definition.schedule);
  const keeps = keptParts(current?.version, definition, calendars);
  // A schedule that stays keeps what its slots are counted from, so it is not compiled anew.
  const after =
    current !== undefined && keeps.schedule
      ? current.schedule
      : compileSchedule(definition.schedule, {
          createdAtMs: current?.version.createdAtMs ?? nowMs,
          sinceMs: nowMs,
          jobKey: jobKeyText({ namespace, name }),
          calendars,
        });
  return {
    name,
    action: current === undefined ? "create" : keeps.all ? "none" : "update",
    ...(current === undefined ? {} : { version: current.version.version }),
    diff: diffJson(current?.version.definition, definition),
    ...compareSlots(current?.schedule, after, nowMs),
  };
}

function keptParts(
  version: JobVersion | undefined,
  definition: JobDefinition,
  calendars: ReadonlyMap<string, VersionedCalendar>,
): { readonly schedule: boolean; readonly all: boolean } {
  const editions = Object.fromEntries([...calendars].map(([name, calendar]) => [name, calendar.version]));
  const schedule =
    isSame(version?.definition.schedule, definition.schedule) && isSame(version?.calendars ?? {}, editions);
  return { schedule, all: schedule && isSame(version?.definition, definition) };
}

function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

/** The slots that only one of two schedules fires, as far as both were looked at. */
function compareSlots(before: Schedule | undefined, after: Schedule, nowMs: number) {
  const old = nextSlots(before, nowMs);
  const young = nextSlots(after, nowMs);
  const horizonMs = Math.min(horizonOf(old), horizonOf(young));
  const only = (slots: readonly number[], others: readonly number[]): string[] => {
    const known = new Set(others);
    return slots.filter((atMs) => !known.has(atMs) && atMs <= horizonMs).map(iso);
  };
  return { slotsGained: only(young, old), slotsLost: only(old, young) };
}

function nextSlots(schedule: Schedule | undefined, nowMs: number): readonly number[] {
  const slots: number[] = [];
  for (const slot of schedule?.firing(nowMs) ?? []) {
    slots.push(slot.atMs);
    if (slots.length === PLANNED_SLOTS) break;
  }
  return slots;
}

/** Beyond the last slot that was looked at nothing is known; a shorter list is the whole of a schedule's future. */
function horizonOf(slots: readonly number[]): number {
  return slots.length === PLANNED_SLOTS ? (slots.at(-1) ?? Infinity) : Infinity;
}

function findRepeatedNames(definitions: readonly JobDefinition[]): FieldError[] {
  const seen = new Set<string>();
  return definitions.flatMap(({ name }, index): FieldError[] => {
    const isRepeated = seen.has(name);
    seen.add(name);
    const detail = `Name "${name}" must stand once in one plan`;
    return isRepeated ? [{ pointer: `/definitions/${index}/name`, code: "name-taken", detail }] : [];
  });
}

/** What a definition is refused for; a failure on our side is none of its faults. */
function fieldErrors(error: unknown, prefix: string): readonly FieldError[] {
  const { problem, code } = toProblem(error);
  if (problem.status >= 500) throw error;
  return problem.errors ?? [{ pointer: prefix, code, detail: problem.detail }];
}
