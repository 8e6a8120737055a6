import type { CompiledJob } from "../../core/job/compile.ts";
import type { JobDefinition } from "../../core/job/definition.ts";
import { previewSchedule } from "../../core/schedule/preview.ts";
import { jobKeyText } from "../../core/job/version.ts";
import { defineJob } from "../../core/services/define-job.ts";
import { pauseJob, resumeJob } from "../../core/services/pause-job.ts";
import { whyJob } from "../../core/services/why.ts";
import type { jobRoutes } from "../contract/job-routes.ts";
import type { Job } from "../contract/job.ts";
import { presentConstraint } from "../present/present-constraint.ts";
import { presentJob } from "../present/present-job.ts";
import { etagOf, hasVersion } from "../request/read-conditions.ts";
import { checkDefinitionSize } from "./check-definition-size.ts";
import { deleteWithRuns } from "./delete-with-runs.ts";
import { checkSameName, type Expectation, ifVersionOf, putExpecting } from "./expect-version.ts";
import { getJob } from "./get-job.ts";
import type { ApiContext, HandlersOf } from "./handler.ts";
import { listVersions } from "./job-versions.ts";
import { listJobs } from "./list-jobs.ts";
import { newestCalendars } from "../../core/services/newest-calendars.ts";
import { planJobs } from "./plan-jobs.ts";

export const jobHandlers: HandlersOf<typeof jobRoutes> = {
  async listJobs({ params: { namespace }, query }, { core }) {
    return { status: 200, body: await listJobs(core, namespace, { query }) };
  },

  async createJob({ params: { namespace }, body, principal }, context) {
    const { job } = await define(context, namespace, body, { expect: "absent", by: principal.name });
    const path = `namespaces/${namespace}/jobs/${body.name}`;
    const headers = { ...tagOf(job), Location: `/v1/${path}` };
    return { status: 201, body: await presentDefined(context, job), headers, subject: path };
  },

  async putJob({ params: { namespace, job: name }, body, principal, conditions }, context) {
    checkSameName(body.name, name);
    const { job, changed } = await putExpecting(
      conditions,
      async () => versionOf((await context.core.jobs.find(namespace, name))?.compiled),
      (expect) => define(context, namespace, body, { expect, by: principal.name }),
    );
    const presented = await presentDefined(context, job);
    const isCreated = changed && job.version.createdAtMs === job.version.sinceMs;
    if (!isCreated) return { status: 200, body: presented, headers: tagOf(job), changed };
    const location = `/v1/namespaces/${namespace}/jobs/${name}`;
    return { status: 201, body: presented, headers: { ...tagOf(job), Location: location } };
  },

  async getJob({ params: { namespace, job: name }, query: { version }, conditions }, { core }) {
    const job = await getJob(core, { namespace, name, version });
    const headers = tagOf(job);
    if (hasVersion(conditions, job.version.version)) return { status: 304, headers };
    return { status: 200, body: presentJob(job, core.clock.nowMs()), headers };
  },

  async deleteJob({ params: { namespace, job: name }, query: { cancel }, principal, conditions }, { core }) {
    const change = { by: principal.name, ...ifVersionOf(conditions) };
    const { changed } = await deleteWithRuns(core, { namespace, name }, { ...change, cancel });
    return { status: 204, changed };
  },

  async listJobVersions({ params: { namespace, job: name }, query }, { core }) {
    return { status: 200, body: await listVersions(core, { namespace, name }, query) };
  },

  async pauseJob({ params: { namespace, job: name }, body, principal, conditions }, { core }) {
    const change = { ...named(body.note), by: principal.name, ...ifVersionOf(conditions) };
    const { job, changed } = await pauseJob(core, namespace, name, change);
    return { status: 200, body: { ...presentJob(job, core.clock.nowMs()), changed }, headers: tagOf(job), changed };
  },

  async resumeJob({ params: { namespace, job: name }, body, principal, conditions }, { core }) {
    const { missed, note } = body;
    const change = { ...named(note), missed, by: principal.name, ...ifVersionOf(conditions) };
    const { job, changed } = await resumeJob(core, namespace, name, change);
    return { status: 200, body: { ...presentJob(job, core.clock.nowMs()), changed }, headers: tagOf(job), changed };
  },

  async explainJob({ params: { namespace, job: name } }, { core }) {
    const constraints = await whyJob(core, namespace, name);
    return { status: 200, body: { constraints: constraints.map(presentConstraint) } };
  },

  async planJobs({ params: { namespace }, body }, context) {
    return { status: 200, body: { changes: await planJobs(context, namespace, body.definitions) } };
  },
};

function define(
  { core, limits }: ApiContext,
  namespace: string,
  definition: JobDefinition,
  options: { readonly expect: Expectation; readonly by: string },
) {
  checkDefinitionSize(definition);
  return defineJob(core, namespace, definition, { ...options, limits });
}

const WARNED_SLOTS = 3;

/** A job in the answer to its definition, with what its author may not have meant. */
async function presentDefined({ core }: ApiContext, job: CompiledJob): Promise<Job> {
  const { namespace, definition, createdAtMs, scheduleSinceMs } = job.version;
  const nowMs = core.clock.nowMs();
  const calendars = await newestCalendars(core, namespace, definition.schedule);
  const context = { createdAtMs, sinceMs: scheduleSinceMs, jobKey: jobKeyText(job.version), calendars };
  const { warnings } = previewSchedule(definition.schedule, context, { fromMs: nowMs, count: WARNED_SLOTS });
  return { ...presentJob(job, nowMs), ...(warnings.length === 0 ? {} : { warnings: [...warnings] }) };
}

/** The version of a job that has not been deleted. */
function versionOf(job: CompiledJob | undefined): number | undefined {
  return job === undefined || job.version.state === "deleted" ? undefined : job.version.version;
}

function tagOf(job: CompiledJob): { ETag: string } {
  return { ETag: etagOf(job.version.version) };
}

function named(note: string | undefined): { note?: string } {
  return note === undefined ? {} : { note };
}
