import { CarillonError } from "../errors.ts";
import { keys } from "../store/keys.ts";
import { listAll, listPage } from "../store/pages.ts";
import type { Core } from "./core.ts";
import { readLedger } from "./read-ledger.ts";

/** Slots of one job that no row accounts for. */
export interface LedgerFinding {
  readonly namespace: string;
  readonly job: string;
  readonly unexplained: number;
  /** Some of them, epoch milliseconds. */
  readonly slots: readonly number[];
}

interface Position {
  readonly namespace: string;
  readonly job: string;
}

interface AuditRecord {
  readonly auditedAtMs: number;
  /** The last job that was looked at. */
  readonly last?: Position;
}

const PERIOD_MS = 15 * 60_000;
const JOBS_PER_AUDIT = 20;
/** The stretch that is looked at: long enough past for the last words on it, short enough to be cheap. */
const STRETCH_MS = 3_600_000;
const REST_MS = 15 * 60_000;

/**
 * Accounts, each quarter of an hour, for the recent slots of the next few jobs in turn, and tells of those that nothing
 * explains. A second pair of eyes: visits recompute the slots of their job themselves, and leave none unexplained.
 */
export async function auditLedgers(
  core: Core,
  { onError }: { readonly onError: (error: unknown) => void },
): Promise<readonly LedgerFinding[]> {
  const nowMs = core.clock.nowMs();
  const stored = await core.table.get(keys.ledgerAudit);
  const record = stored?.body as AuditRecord | undefined;
  if (record !== undefined && nowMs < record.auditedAtMs + PERIOD_MS) return [];
  const jobs = await nextJobs(core, record?.last);
  const last = jobs.at(-1) ?? record?.last;
  const next: AuditRecord = { auditedAtMs: nowMs, ...(last === undefined ? {} : { last }) };
  // Before the look: one job that can't be accounted for must not hold the audit up for ever.
  if (!(await core.table.put(keys.ledgerAudit, next, stored?.rev ?? "absent")).ok) return [];

  const findings: LedgerFinding[] = [];
  for (const position of jobs) {
    try {
      const { unexplained, unexplainedSlots: slots } = await account(core, position, nowMs - REST_MS);
      if (unexplained > 0) findings.push({ ...position, unexplained, slots });
    } catch (error) {
      onError(error);
    }
  }
  const total = findings.reduce((sum, { unexplained }) => sum + unexplained, 0);
  core.metrics.count("slots_unexplained", {}, total);
  return findings;
}

async function account(core: Core, { namespace, job }: Position, toMs: number) {
  try {
    return await readLedger(core, namespace, job, { fromMs: toMs - STRETCH_MS, toMs });
  } catch (error) {
    // A job that fires so often is accounted for by its visits alone.
    if (error instanceof CarillonError && error.code === "range-too-large")
      return { unexplained: 0, unexplainedSlots: [] };
    throw error;
  }
}

/** The jobs that follow a position, and after the last one the first ones again. */
async function nextJobs(core: Core, after: Position | undefined): Promise<readonly Position[]> {
  const behind = await jobsFrom(core, after);
  if (after === undefined || behind.length === JOBS_PER_AUDIT) return behind;
  const isBehind = ({ namespace, job }: Position) =>
    behind.some((other) => other.namespace === namespace && other.job === job);
  const others = (await jobsFrom(core, undefined)).filter((position) => !isBehind(position));
  return [...behind, ...others].slice(0, JOBS_PER_AUDIT);
}

async function jobsFrom(core: Core, from: Position | undefined): Promise<readonly Position[]> {
  const jobs: Position[] = [];
  for await (const { key } of listAll(core.table, keys.namespaces)) {
    const namespace = key.sk;
    if (from !== undefined && namespace < from.namespace) continue;
    const listing = keys.jobs(namespace);
    const after = namespace === from?.namespace ? `${listing.prefix}${from.job}` : undefined;
    // No more than are wanted: what a page holds is paid for.
    const page = await listPage(core.table, listing, { limit: JOBS_PER_AUDIT - jobs.length, after });
    for (const stored of page.items) jobs.push({ namespace, job: stored.key.sk.slice(listing.prefix.length) });
    if (jobs.length === JOBS_PER_AUDIT) break;
  }
  return jobs;
}
