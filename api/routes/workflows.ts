import { CarillonError } from "../../core/errors.ts";
import type { JobVersion } from "../../core/job/version.ts";
import { isCarried, type Run } from "../../core/run/run.ts";
import { stepOf } from "../../core/run/run-id.ts";
import type { Core } from "../../core/services/core.ts";
import { decideApproval } from "../../core/services/workflow/decide-approval.ts";
import { markStep } from "../../core/services/workflow/mark-step.ts";
import { pauseWorkflow, resumeWorkflow } from "../../core/services/workflow/pause-workflow.ts";
import { readSteps } from "../../core/services/workflow/read-steps.ts";
import { redriveWorkflow } from "../../core/services/workflow/redrive.ts";
import { itemsLieWith } from "../../core/services/workflow/step-run.ts";
import { keys } from "../../core/store/keys.ts";
import type { Principal } from "../access/principal.ts";
import type { workflowRoutes } from "../contract/workflow-routes.ts";
import { presentRun } from "../present/present-run.ts";
import { presentGraph, presentSteps } from "../present/present-steps.ts";
import { pageOf } from "../request/page-of.ts";
import { getJob } from "./get-job.ts";
import { getRun, runKeyOf } from "./get-run.ts";
import type { HandlersOf } from "./handler.ts";
import { listJobs } from "./list-jobs.ts";

export const workflowHandlers: HandlersOf<typeof workflowRoutes> = {
  async listWorkflows({ params: { namespace }, query }, { core }) {
    return { status: 200, body: await listJobs(core, namespace, { query, isWanted: isWorkflow }) };
  },

  async drawWorkflow({ params: { namespace, job: name }, query: { version, format } }, { core }) {
    const { work, version: found } = await getJob(core, { namespace, name, version });
    if (work.kind !== "workflow") {
      throw new CarillonError("not-a-workflow", `Cannot draw job "${name}": it is not a workflow`);
    }
    const graph = presentGraph(work.plan, found);
    if (format === "json") return { status: 200, body: graph };
    const headers = { "Content-Type": "text/plain; charset=utf-8" };
    return { raw: new Response(`${graph[format].trimEnd()}\n`, { headers }) };
  },

  async readSteps({ params: { runId } }, { core }) {
    return { status: 200, body: presentSteps(await readSteps(core, runKeyOf(runId)), core.clock.nowMs()) };
  },

  async listItems({ params: { runId }, query }, { core }) {
    const run = await getRun(core, runId);
    const part = stepOf(run.stamp);
    if (part === undefined || part.item !== undefined) {
      throw new CarillonError("not-a-step", `Cannot list the items of run "${runId}": it is no step of a workflow`);
    }
    const body = await pageOf(core.table, keys.items(itemsLieWith(run, part), part.step), query, {
      present: (stored) => presentRun(stored.body as Run),
    });
    return { status: 200, body };
  },

  async pauseRun({ params: { runId }, body, principal }, { core }) {
    const wasPaused = await isPaused(core, runId);
    const run = await pauseWorkflow(core, runKeyOf(runId), said(principal, body));
    return { status: 200, body: presentRun(run), changed: !wasPaused };
  },

  async resumeRun({ params: { runId } }, { core }) {
    const wasPaused = await isPaused(core, runId);
    const run = await resumeWorkflow(core, runKeyOf(runId));
    return { status: 200, body: presentRun(run), changed: wasPaused };
  },

  async approveRun({ params: { runId }, body, principal }, { core }) {
    const decision = { ...said(principal, body), isApproved: true };
    return { status: 200, body: presentRun(await decideApproval(core, runKeyOf(runId), decision)) };
  },

  async rejectRun({ params: { runId }, body, principal }, { core }) {
    const decision = { ...said(principal, body), isApproved: false };
    return { status: 200, body: presentRun(await decideApproval(core, runKeyOf(runId), decision)) };
  },

  async markRun({ params: { runId }, body, principal }, { core }) {
    const run = await markStep(core, runKeyOf(runId), { as: body.as, ...said(principal, body) });
    return { status: 200, body: presentRun(run) };
  },

  async redriveRun({ params: { runId }, body, principal }, { core }) {
    const { definition, from, marks } = body;
    const request = { definition, from, marks, ...said(principal, body) };
    const run = presentRun(await redriveWorkflow(core, runKeyOf(runId), request));
    return { status: 201, body: run, headers: { Location: `/v1/runs/${run.id}` } };
  },
};

function isWorkflow({ definition }: JobVersion): boolean {
  return definition.executor.type === "workflow";
}

/** For the audit trail, which tells of changes only. */
async function isPaused(core: Core, runId: string): Promise<boolean> {
  const run = await getRun(core, runId);
  return isCarried(run) && run.hold !== undefined;
}

function said({ name: by }: Principal, { note }: { readonly note?: string | undefined }) {
  return { by, ...(note === undefined ? {} : { note }) };
}
