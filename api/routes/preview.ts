import { jobKeyText } from "../../core/job/version.ts";
import { MAX_PREVIEW, previewSchedule } from "../../core/schedule/preview.ts";
import type { ScheduleContext } from "../../core/schedule/schedule.ts";
import type { Core } from "../../core/services/core.ts";
import { expectJob } from "../../core/services/pause-job.ts";
import { noNamespace } from "../access/check-access.ts";
import { canSee, type Principal } from "../access/principal.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import { DEFAULT_PREVIEW_COUNT, type Preview, type PreviewRequest } from "../contract/preview.ts";
import { at } from "../request/to-problem.ts";
import { newestCalendars } from "../../core/services/newest-calendars.ts";

/** What a schedule will do, or would do as that of an existing job. Changes nothing. */
export async function previewRequest(core: Core, request: PreviewRequest, principal: Principal): Promise<Preview> {
  const { schedule, from, count = DEFAULT_PREVIEW_COUNT, namespace, job } = request;
  if (namespace !== undefined && !canSee(principal, namespace)) throw noNamespace(namespace);
  if (job !== undefined && namespace === undefined) throw jobWithoutNamespace();
  const nowMs = Math.floor(core.clock.nowMs());
  // The first instant shown is `from` itself.
  const fromMs = from === undefined ? nowMs : Date.parse(from) - 1;
  const sinceMs = Math.min(nowMs, fromMs);
  const anchors = await findAnchors(
    core,
    { namespace, job },
    { sinceMs, createdAtMs: from === undefined ? nowMs : fromMs + 1 },
  );
  const calendars = namespace === undefined ? new Map() : await newestCalendars(core, namespace, schedule);
  checkCount(count);
  return at({ prefix: "", schedulePrefix: "/schedule" }, () => {
    const preview = previewSchedule(schedule, { ...anchors, calendars }, { fromMs, count });
    const { slots, leftOut, warnings, ended } = preview;
    return { slots: [...slots], leftOut: [...leftOut], warnings: [...warnings], ended };
  });
}

/** @throws {ProblemError} `limit-too-large` */
function checkCount(count: number): void {
  if (count <= MAX_PREVIEW) return;
  const detail = `Field "count" must be at most ${MAX_PREVIEW}; got ${count}`;
  throw new ProblemError(
    problem("limit-too-large", detail, { errors: [{ pointer: "/count", code: "limit-too-large", detail }] }),
  );
}

/** The instants and the seed that a schedule is read against: of the job, or as if it were defined now. */
async function findAnchors(
  core: Core,
  { namespace, job: name }: { readonly namespace: string | undefined; readonly job: string | undefined },
  { sinceMs, createdAtMs }: { readonly sinceMs: number; readonly createdAtMs: number },
): Promise<Omit<ScheduleContext, "calendars">> {
  if (namespace === undefined || name === undefined) return { createdAtMs, sinceMs, jobKey: "" };
  const { version } = expectJob((await core.jobs.find(namespace, name))?.compiled, name);
  return { createdAtMs: version.createdAtMs, sinceMs, jobKey: jobKeyText(version) };
}

function jobWithoutNamespace(): ProblemError {
  const detail = 'Field "namespace" is required when "job" is given';
  return new ProblemError(
    problem("required-field", detail, { errors: [{ pointer: "/namespace", code: "required-field", detail }] }),
  );
}
