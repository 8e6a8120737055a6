import { type RunKey, stepOf } from "../run/run-id.ts";
import type { Key } from "../ports/table.ts";

/**
 * Every key of the one table. The namespace is part of each key that belongs to a tenant, so a list can never cross
 * namespaces. `#` separates parts; no name may hold it.
 */
export const keys = {
  job: (namespace: string, name: string): Key => ({ pk: `ns#${namespace}`, sk: `job#${name}` }),
  jobs: (namespace: string) => ({ pk: `ns#${namespace}`, prefix: "job#" }),
  jobVersion: (namespace: string, name: string, version: number): Key => ({
    pk: `version#${namespace}#${name}`,
    sk: padded(version, VERSION_DIGITS),
  }),
  namespace: (namespace: string): Key => ({ pk: "namespaces", sk: namespace }),
  namespaces: { pk: "namespaces", prefix: "" },
  calendar: (namespace: string, name: string): Key => ({ pk: `ns#${namespace}`, sk: `calendar#${name}` }),
  calendars: (namespace: string) => ({ pk: `ns#${namespace}`, prefix: "calendar#" }),
  calendarEdition: (namespace: string, name: string, edition: number): Key => ({
    pk: `calendar#${namespace}#${name}`,
    sk: padded(edition, VERSION_DIGITS),
  }),
  /** The steps of one run of a workflow lie together, apart from the ledger; so do the items of one step. */
  run: ({ namespace, job, stamp }: RunKey): Key => {
    const part = stepOf(stamp);
    if (part === undefined) return { pk: ledgerPartition(namespace, job), sk: stamp };
    if (part.item === undefined) return { pk: stepPartition({ namespace, job, stamp: part.of }), sk: part.step };
    return { pk: itemPartition({ namespace, job, stamp: part.of }, part.step), sk: padded(part.item, ITEM_DIGITS) };
  },
  steps: (workflow: RunKey) => ({ pk: stepPartition(workflow), prefix: "" }),
  items: (workflow: RunKey, step: string) => ({ pk: itemPartition(workflow, step), prefix: "" }),
  /** What the items of a step are. */
  itemList: (workflow: RunKey, step: string): Key => ({ pk: `list#${itemPartition(workflow, step)}`, sk: "list" }),
  /** Steps whose state was reached in the execution that mirrors a workflow's run, and waits for its answer. */
  reachedStep: (workflow: RunKey, step: string): Key => ({ pk: reachedPartition(workflow), sk: step }),
  reachedSteps: (workflow: RunKey) => ({ pk: reachedPartition(workflow), prefix: "" }),
  /** Of each version: one that took over may give up what the one before it had left out ahead of time, for a reason of its own. */
  gap: (namespace: string, job: string, fromStamp: string, version: number): Key => ({
    pk: ledgerPartition(namespace, job),
    sk: `${fromStamp}~${padded(version, VERSION_DIGITS)}${GAP_SUFFIX}`,
  }),
  /** The same gaps by their last slot, so that one query finds those over any instant. */
  gapEnd: (
    namespace: string,
    job: string,
    { toStamp, fromStamp, version }: { toStamp: string; fromStamp: string; version: number },
  ): Key => ({
    pk: gapPartition(namespace, job),
    sk: `${toStamp}#${fromStamp}#${padded(version, VERSION_DIGITS)}`,
  }),
  gapEnds: (namespace: string, job: string) => gapPartition(namespace, job),
  /** `visitAtMs` first, so that one range query finds what is due. */
  due: (shard: number, visitAtMs: number, subject: string): Key => ({
    pk: `due#${padded(shard, SHARD_DIGITS)}`,
    sk: `${padded(Math.max(0, Math.floor(visitAtMs)), INSTANT_DIGITS)}#${subject}`,
  }),
  duePartition: (shard: number) => `due#${padded(shard, SHARD_DIGITS)}`,
  dueBefore: (atMs: number) => padded(Math.max(0, Math.floor(atMs)), INSTANT_DIGITS),
  lease: (shard: number): Key => ({ pk: "lease#scheduler", sk: `shard#${padded(shard, SHARD_DIGITS)}` }),
  scheduler: (id: string): Key => ({ pk: "scheduler", sk: id }),
  tickLease: (group: number): Key => ({ pk: "lease#tick", sk: padded(group, SHARD_DIGITS) }),
  pace: { pk: "pace", sk: "pace" },
  silence: { pk: "silence", sk: "workers" },
  poolSize: (pool: string): Key => ({ pk: "pool-sizes", sk: pool }),
  ledgerAudit: { pk: "ledger-audit", sk: "position" },
  worker: (pool: string, id: string): Key => ({ pk: `pool#${pool}`, sk: `worker#${id}` }),
  workers: (pool: string) => ({ pk: `pool#${pool}`, prefix: "worker#" }),
  pool: (pool: string): Key => ({ pk: "pools", sk: pool }),
  pools: { pk: "pools", prefix: "" },
  workerCommand: (workerId: string, subject: string): Key => ({ pk: `worker#${workerId}`, sk: subject }),
  limit: (key: string): Key => ({ pk: `limit#${key}`, sk: "limit" }),
  listener: (namespace: string, job: string, id: string): Key => ({ pk: `listeners#${namespace}#${job}`, sk: id }),
  listeners: (namespace: string, job: string) => ({ pk: `listeners#${namespace}#${job}`, prefix: "" }),
  backfill: (namespace: string, job: string, id: string): Key => ({ pk: `backfill#${namespace}#${job}`, sk: id }),
  backfills: (namespace: string, job: string) => ({ pk: `backfill#${namespace}#${job}`, prefix: "" }),
  idempotency: (namespace: string, key: string): Key => ({ pk: `idempotency#${namespace}`, sk: key }),
  token: (id: string): Key => ({ pk: "tokens", sk: id }),
  tokens: { pk: "tokens", prefix: "" },
  audit: (namespace: string, atMs: number, id: string): Key => ({
    pk: `audit#${namespace}`,
    sk: `${padded(Math.floor(atMs), INSTANT_DIGITS)}#${id}`,
  }),
  auditLog: (namespace: string) => ({ pk: `audit#${namespace}`, prefix: "" }),
};

/** A key as one text, for maps. */
export function keyText({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}

export const GAP_SUFFIX = "~gap";

const VERSION_DIGITS = 8;
const SHARD_DIGITS = 4;
const INSTANT_DIGITS = 15;
const ITEM_DIGITS = 5;

function ledgerPartition(namespace: string, job: string): string {
  return `run#${namespace}#${job}`;
}

function gapPartition(namespace: string, job: string): string {
  return `gap#${namespace}#${job}`;
}

function stepPartition({ namespace, job, stamp }: RunKey): string {
  return `steps#${namespace}#${job}#${stamp}`;
}

function itemPartition({ namespace, job, stamp }: RunKey, step: string): string {
  return `items#${namespace}#${job}#${stamp}#${step}`;
}

function reachedPartition({ namespace, job, stamp }: RunKey): string {
  return `reached#${namespace}#${job}#${stamp}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
