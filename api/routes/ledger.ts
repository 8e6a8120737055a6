import { readLedger } from "../../core/services/read-ledger.ts";
import type { Core } from "../../core/services/core.ts";
import { expectKnown } from "../../core/services/pause-job.ts";
import { stampAtMs, stampOf } from "../../core/run/run-id.ts";
import { expectTime } from "../../core/services/time-range.ts";
import type { LedgerRow as StoredRow } from "../../core/store/run-store.ts";
import type { LedgerPage } from "../contract/ledger.ts";
import type { runRoutes } from "../contract/run-routes.ts";
import { presentRow, presentSummary } from "../present/present-ledger.ts";
import { decodeCursor, encodeCursor } from "../request/page-cursor.ts";
import type { PageQuery } from "../request/page-of.ts";
import type { HandlersOf } from "./handler.ts";

const DAY_MS = 86_400_000;

export const ledgerHandlers: HandlersOf<Pick<typeof runRoutes, "readLedger">> = {
  async readLedger({ params: { namespace, job }, query: { from, to, rows, limit, cursor } }, { core }) {
    const toMs = to === undefined ? Math.floor(core.clock.nowMs()) + 1 : Date.parse(to);
    const fromMs = from === undefined ? Math.max(0, toMs - DAY_MS) : Date.parse(from);
    const range = { fromMs, toMs };
    if (rows) return { status: 200, body: await listRows(core, { namespace, name: job }, range, { limit, cursor }) };
    return { status: 200, body: presentSummary(await readLedger(core, namespace, job, range), range) };
  },
};

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Rows whose slot, or first slot, lies in [fromMs, toMs), newest first. */
async function listRows(
  core: Core,
  job: { readonly namespace: string; readonly name: string },
  { fromMs, toMs }: Range,
  { limit, cursor }: PageQuery,
): Promise<LedgerPage> {
  expectKnown((await core.jobs.find(job.namespace, job.name))?.compiled, job.name);
  expectTime({ fromMs, toMs }, "Cannot read the ledger");
  const listing = `rows#${job.namespace}#${job.name}`;
  const after = cursor === undefined ? stampOf(toMs) : decodeCursor(listing, cursor);
  // A cursor keeps its place; `to` still bounds it, should the two disagree.
  const start = stampAtMs(after) > toMs ? stampOf(toMs) : after;
  const { rows, next } = await core.runs.page(job, { limit, after: start });
  const inRange = rows.filter((row) => startOf(row) >= fromMs);
  const isDone = next === undefined || inRange.length < rows.length;
  return { items: inRange.map(presentRow), ...(isDone ? {} : { nextCursor: encodeCursor(listing, next) }) };
}

function startOf(row: StoredRow): number {
  return "run" in row ? row.run.slotAtMs : row.gap.fromMs;
}
