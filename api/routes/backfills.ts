import { CarillonError } from "../../core/errors.ts";
import { cancelBackfill, planBackfill, startBackfill } from "../../core/services/backfill.ts";
import type { Core } from "../../core/services/core.ts";
import { expectJob, expectKnown } from "../../core/services/pause-job.ts";
import { expectActive } from "../../core/services/submit-runs.ts";
import type { Backfill } from "../../core/store/backfill-store.ts";
import { MAX_DRY_RUN_SLOTS } from "../contract/backfill.ts";
import type { runRoutes } from "../contract/run-routes.ts";
import { iso } from "../present/iso.ts";
import { presentBackfill } from "../present/present-backfill.ts";
import { decodeCursor, encodeCursor } from "../request/page-cursor.ts";
import type { HandlersOf } from "./handler.ts";

type BackfillOperation = "startBackfill" | "listBackfills" | "getBackfill" | "cancelBackfill";

export const backfillHandlers: HandlersOf<Pick<typeof runRoutes, BackfillOperation>> = {
  async startBackfill({ params: { namespace, job: name }, body, principal }, { core }) {
    const { from, to, dryRun = false, order, concurrency, reprocess, priority } = body;
    const request = {
      fromMs: Date.parse(from),
      toMs: Date.parse(to),
      by: principal.name,
      ...(order === undefined ? {} : { order }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(reprocess === undefined ? {} : { reprocess }),
      ...(priority === undefined ? {} : { priority }),
    };
    if (dryRun) {
      const job = expectActive(expectJob((await core.jobs.find(namespace, name))?.compiled, name));
      const { slots, left } = await planBackfill(core, job, request);
      const plan = { slots: slots.slice(0, MAX_DRY_RUN_SLOTS).map(iso), count: slots.length, left };
      return { status: 200, body: plan, changed: false };
    }
    const backfill = await startBackfill(core, namespace, name, request);
    const path = `namespaces/${namespace}/jobs/${name}/backfills/${backfill.id}`;
    return { status: 201, body: presentBackfill(backfill), headers: { Location: `/v1/${path}` }, subject: path };
  },

  async listBackfills({ params: { namespace, job }, query: { limit, cursor } }, { core }) {
    expectKnown((await core.jobs.find(namespace, job))?.compiled, job);
    const listing = `backfills#${namespace}#${job}`;
    const after = cursor === undefined ? undefined : decodeCursor(listing, cursor);
    // Ids are drawn at random, so the order of time is made here; a job has few backfills.
    const all = (await core.backfills.list(namespace, job)).toSorted((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1));
    const rest = after === undefined ? all : all.filter((backfill) => placeOf(backfill) < after);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const next = last === undefined || rest.length <= limit ? {} : { nextCursor: encodeCursor(listing, placeOf(last)) };
    return { status: 200, body: { items: page.map(presentBackfill), ...next } };
  },

  async getBackfill({ params: { namespace, job, backfill } }, { core }) {
    return { status: 200, body: presentBackfill(await get(core, { namespace, job, id: backfill })) };
  },

  async cancelBackfill({ params: { namespace, job, backfill } }, { core }) {
    const before = await get(core, { namespace, job, id: backfill });
    const after = await cancelBackfill(core, namespace, job, backfill);
    return { status: 200, body: presentBackfill(after), changed: before.state === "running" };
  },
};

async function get(
  core: Core,
  { namespace, job, id }: { readonly namespace: string; readonly job: string; readonly id: string },
): Promise<Backfill> {
  const stored = await core.backfills.find(namespace, job, id);
  if (stored === undefined) throw new CarillonError("not-found", `Cannot find backfill "${id}" of job "${job}"`);
  return stored.backfill;
}

const INSTANT_DIGITS = 15;

/** Sorts by creation; the id tells those of one instant apart. */
function placeOf({ createdAtMs, id }: Backfill): string {
  return `${String(Math.floor(createdAtMs)).padStart(INSTANT_DIGITS, "0")}#${id}`;
}
