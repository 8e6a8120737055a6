import { cancelRun } from "../../core/services/cancel-run.ts";
import { expectKnown } from "../../core/services/pause-job.ts";
import { rerun } from "../../core/services/rerun.ts";
import { triggerRuns } from "../../core/services/trigger-runs.ts";
import { whyRun } from "../../core/services/why.ts";
import { isGapKey } from "../../core/ledger/gap.ts";
import { isEnded, type Run } from "../../core/run/run.ts";
import { keys } from "../../core/store/keys.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { TriggerRequest } from "../contract/run.ts";
import type { runRoutes } from "../contract/run-routes.ts";
import { iso } from "../present/iso.ts";
import { presentConstraint } from "../present/present-constraint.ts";
import { presentRun } from "../present/present-run.ts";
import { pageOf } from "../request/page-of.ts";
import { backfillHandlers } from "./backfills.ts";
import { checkParametersSize } from "./check-definition-size.ts";
import { getRun, noRun, runKeyOf } from "./get-run.ts";
import type { HandlersOf } from "./handler.ts";
import { ledgerHandlers } from "./ledger.ts";
import { logHandlers } from "./logs.ts";

export const runHandlers: HandlersOf<typeof runRoutes> = {
  ...ledgerHandlers,
  ...backfillHandlers,
  ...logHandlers,

  async triggerJob({ params: { namespace, job }, body, principal, idempotencyKey }, { core }) {
    const { requests, ...single } = body;
    const startMs = core.clock.nowMs();
    const wanted = (requests ?? [single]).map((request, index) =>
      readRequest(request, requests === undefined ? "" : `/requests/${index}`),
    );
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    const runs = await triggerRuns(core, namespace, job, { requests: wanted, by: principal.name, ...key });
    // A repeated request finds runs that were recorded before it came.
    const changed = runs.some((run) => run.createdAtMs >= startMs);
    const items = runs.map(presentRun);
    const [first] = items;
    if (requests !== undefined) return { status: 201, body: { items }, changed };
    if (first === undefined) throw new Error(`Cannot answer for job "${job}": nothing was triggered`);
    return { status: 201, body: first, headers: { Location: `/v1/runs/${first.id}` }, changed };
  },

  async listRuns({ params: { namespace, job }, query }, { core }) {
    expectKnown((await core.jobs.find(namespace, job))?.compiled, job);
    const { pk } = keys.run({ namespace, job, stamp: "" });
    const body = await pageOf(core.table, { pk, prefix: "" }, query, {
      descending: true,
      present({ key, body }) {
        if (isGapKey(key.sk)) return undefined;
        const run = body as Run;
        return query.status === undefined || query.status === run.status ? presentRun(run) : undefined;
      },
    });
    return { status: 200, body };
  },

  async getRun({ params: { runId } }, { core }) {
    return { status: 200, body: presentRun(await getRun(core, runId)) };
  },

  async cancelRun({ params: { runId }, body: { note, graceMs }, principal }, { core }) {
    const startMs = core.clock.nowMs();
    const options = { by: principal.name, ...(note === undefined ? {} : { note }) };
    const result = await cancelRun(core, runKeyOf(runId), {
      ...options,
      ...(graceMs === undefined ? {} : { graceMs }),
    });
    switch (result.kind) {
      case "notFound":
        throw noRun(runId);
      case "ended": {
        const { status, endedAtMs } = result.run;
        const detail = `Cannot cancel run "${runId}": it ${ENDED_WORDS[status]} at ${iso(endedAtMs)}`;
        throw new ProblemError(problem("run-already-final", detail));
      }
      case "cancelled":
        return { status: 200, body: presentRun(result.run) };
      case "cancelling":
        return {
          status: 202,
          body: presentRun(result.run),
          changed: (result.run.cancel?.atMs ?? startMs) >= startMs,
        };
    }
  },

  async rerunRun({ params: { runId }, principal }, { core }) {
    const former = await getRun(core, runId);
    if (!isEnded(former)) {
      throw new ProblemError(problem("run-not-final", `Cannot run "${runId}" again: it is ${former.status}`));
    }
    const run = presentRun(await rerun(core, runKeyOf(runId), { by: principal.name }));
    return { status: 201, body: run, headers: { Location: `/v1/runs/${run.id}` } };
  },

  async explainRun({ params: { runId } }, { core }) {
    const constraints = await whyRun(core, runKeyOf(runId));
    return { status: 200, body: { constraints: constraints.map(presentConstraint) } };
  },
};

const ENDED_WORDS = {
  succeeded: "succeeded",
  failed: "failed",
  timedOut: "timed out",
  cancelled: "was cancelled",
  expired: "expired",
  skipped: "was skipped",
} as const;

function readRequest({ parameters, at, priority }: Omit<TriggerRequest, "requests">, pointer: string) {
  checkParametersSize(parameters, `${pointer}/parameters`);
  return {
    ...(parameters === undefined ? {} : { parameters }),
    ...(at === undefined ? {} : { atMs: Date.parse(at) }),
    ...(priority === undefined ? {} : { priority }),
  };
}
