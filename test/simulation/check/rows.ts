import type { Commit } from "../../support/memory-items.ts";

/** What the checkers read of the table: fields as they are stored, written apart from the product's own types. */
export interface RunRow {
  readonly namespace: string;
  readonly job: string;
  readonly stamp: string;
  readonly status: string;
  readonly version: number;
  readonly cause: string;
  readonly slotAtMs: number;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly charged: number;
  readonly attempts: readonly AttemptRow[];
  readonly parameters?: { readonly deed?: string };
  readonly worker?: { readonly id: string };
  readonly cancel?: unknown;
  readonly retryAtMs?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string };
  readonly reason?: string;
  readonly stop?: { readonly confirmed: boolean };
  readonly origin?: {
    readonly backfill?: string;
    readonly backfillConcurrency?: number;
    readonly step?: string;
    readonly redriveOf?: string;
  };
  /** Of a workflow whose runs are shown elsewhere, and of its steps. */
  readonly isMirrored?: boolean;
  /** Of a workflow that is paused. */
  readonly hold?: unknown;
  /** Of a step that people have said the end of. */
  readonly mark?: unknown;
  /** Of a step that waits for the run of another job. */
  readonly child?: { readonly job: string; readonly suffix: string };
  /** Of a step that runs once for each item. */
  readonly items?: ItemsRow;
}

export interface ItemsRow {
  readonly total: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface AttemptRow {
  readonly attempt: number;
  readonly epoch: number;
  readonly worker: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: string;
}

export interface GapRow {
  readonly namespace: string;
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
  readonly version: number;
}

export interface VersionRow {
  readonly namespace: string;
  readonly name: string;
  readonly version: number;
  readonly state: "active" | "paused" | "deleted";
  readonly createdAtMs: number;
  readonly sinceMs: number;
  readonly scheduleSinceMs: number;
  readonly calendars: Readonly<Record<string, number>>;
  readonly resume?: "now" | "last" | "all";
  readonly definition: DefinitionRow;
}

export interface DefinitionRow {
  readonly name: string;
  readonly overlap?: string;
  readonly schedule?: ScheduleRow;
  readonly misfire?: { readonly policy?: string; readonly limit?: number; readonly maxLateness?: string };
  readonly retry?: { readonly maxAttempts?: number; readonly backoff?: BackoffRow };
  readonly timeouts?: { readonly queue?: string; readonly run?: string };
  readonly concurrency?: readonly ConcurrencyRow[];
  readonly executor?: WorkflowRow;
}

export interface WorkflowRow {
  readonly type: string;
  readonly steps?: Readonly<Record<string, StepRow>>;
  readonly onError?: { readonly steps: Readonly<Record<string, StepRow>> };
  readonly finally?: { readonly steps: Readonly<Record<string, StepRow>> };
}

export interface StepRow {
  readonly needs?: readonly string[];
  readonly rule?: string;
  readonly allowFailure?: boolean;
  readonly executor?: unknown;
  readonly map?: { readonly over: string; readonly concurrency?: number; readonly tolerate?: number };
  readonly switch?: {
    readonly cases: readonly { readonly choose: readonly string[] }[];
    readonly default?: readonly string[];
  };
  readonly retry?: NonNullable<DefinitionRow["retry"]>;
  readonly timeouts?: NonNullable<DefinitionRow["timeouts"]>;
}

export interface ConcurrencyRow {
  readonly key?: string;
  readonly scope?: string;
  readonly limit: number;
  readonly weight?: number;
}

export interface BackoffRow {
  readonly initial: string;
  readonly max: string;
  readonly jitter: "full" | "none";
}

export interface ScheduleRow {
  readonly cron?: string;
  readonly every?: string;
  readonly afterEnd?: string;
  readonly at?: string;
  readonly dates?: readonly string[];
  readonly timezone?: string;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly maxRuns?: number;
  readonly jitter?: string;
  readonly calendars?: readonly string[];
}

export interface CalendarRow {
  readonly name: string;
  readonly edition: number;
  readonly definition: { readonly exclude?: readonly string[] };
}

/** A commit in the words of the checkers; `undefined` for what none of them looks at. */
export type Fact =
  | { readonly kind: "run"; readonly before: RunRow | undefined; readonly after: RunRow | undefined }
  | { readonly kind: "step"; readonly before: RunRow | undefined; readonly after: RunRow | undefined }
  | { readonly kind: "gap"; readonly after: GapRow | undefined }
  | { readonly kind: "job"; readonly before: VersionRow | undefined; readonly after: VersionRow | undefined }
  | { readonly kind: "calendar"; readonly after: CalendarRow }
  | { readonly kind: "limit"; readonly key: string; readonly after: LimitRow }
  | { readonly kind: "walk"; readonly after: WalkRow }
  | {
      readonly kind: "lease";
      readonly key: string;
      readonly before: LeaseRow | undefined;
      readonly after: LeaseRow | undefined;
    };

export interface LimitRow {
  readonly holders: readonly Pick<RunRow, "namespace" | "job" | "stamp">[];
  readonly waiters: readonly Pick<RunRow, "namespace" | "job" | "stamp">[];
}

/** An entry of the due index that walks a version of a job. */
export interface WalkRow {
  readonly kind: "job";
  readonly namespace: string;
  readonly job: string;
  readonly version: number;
  readonly cursorMs: number;
}

export interface LeaseRow {
  readonly epoch: number;
  readonly owner?: string;
}

export function factOf({ key: { pk, sk }, before, after }: Commit): Fact | undefined {
  if (pk.startsWith("run#"))
    return sk.endsWith("~gap")
      ? { kind: "gap", after: after as GapRow | undefined }
      : { kind: "run", before: before as RunRow | undefined, after: after as RunRow | undefined };
  if (pk.startsWith("steps#") || pk.startsWith("items#"))
    return { kind: "step", before: before as RunRow | undefined, after: after as RunRow | undefined };
  if (pk.startsWith("ns#") && sk.startsWith("job#"))
    return { kind: "job", before: before as VersionRow | undefined, after: after as VersionRow | undefined };
  if (pk.startsWith("calendar#") && after !== undefined) return { kind: "calendar", after: after as CalendarRow };
  if (pk.startsWith("limit#")) return { kind: "limit", key: pk.slice("limit#".length), after: after as LimitRow };
  if (pk.startsWith("due#") && after !== undefined && "kind" in after && after.kind === "job")
    return { kind: "walk", after: after as WalkRow };
  if (pk.startsWith("lease#"))
    return {
      kind: "lease",
      key: `${pk} ${sk}`,
      before: before as LeaseRow | undefined,
      after: after as LeaseRow | undefined,
    };
  return undefined;
}

/** What a commit changed, for people. */
export function factText(fact: Fact): string {
  switch (fact.kind) {
    case "run":
    case "step": {
      const { before, after } = fact;
      if (after === undefined) return "a run is removed";
      const { status, attempt, epoch, worker, reason } = after;
      const who = worker === undefined ? "" : `, ${worker.id}`;
      const why = reason === undefined ? "" : `, ${reason}`;
      return `${runName(after)}: ${before?.status ?? "nothing"} → ${status} (attempt ${attempt}, epoch ${epoch}${who}${why})`;
    }
    case "gap":
      return fact.after === undefined
        ? "a gap is removed"
        : `${fact.after.job}: gap ${isoOf(fact.after.fromMs)} to ${isoOf(fact.after.toMs)}, ${fact.after.reason}`;
    case "job":
      return fact.after === undefined
        ? "a job is removed"
        : `${fact.after.name}: version ${fact.after.version}, ${fact.after.state}, since ${isoOf(fact.after.sinceMs)}`;
    case "calendar":
      return `calendar ${fact.after.name}: edition ${fact.after.edition}`;
    case "limit":
      return `${fact.key}: held by ${fact.after.holders.map(runName).join(", ")}; ${fact.after.waiters.map(runName).join(", ")} wait`;
    case "walk":
      return `${fact.after.job}: version ${fact.after.version} is walked to ${isoOf(fact.after.cursorMs)}`;
    case "lease":
      return `${fact.key}: epoch ${fact.after?.epoch ?? "none"}, ${fact.after?.owner ?? ""}`;
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

export function runName({ namespace, job, stamp }: Pick<RunRow, "namespace" | "job" | "stamp">): string {
  return `${namespace}.${job}@${stamp}`;
}

/** What a stamp says of a step: the workflow's run, the step's name, and an item's number. */
export function partOf({
  stamp,
}: Pick<RunRow, "stamp">):
  | { readonly of: string; readonly step: string; readonly item: number | undefined }
  | undefined {
  const match = /^(\d{8}T\d{6}\.\d{3}Z[^.]*)\.([^.]+)(?:\.(\d+))?$/.exec(stamp);
  if (match === null) return undefined;
  const [, of = "", step = "", item] = match;
  return { of, step, item: item === undefined ? undefined : Number(item) };
}

/** Runs in nobody's hands but the engine's. */
export function isCarried({ status, worker }: RunRow): boolean {
  return status === "running" && worker === undefined;
}

/** Steps of a workflow in all its phases, each with its phase. */
export function stepsOf({ executor }: DefinitionRow): ReadonlyMap<string, StepRow & { readonly phase: number }> {
  const phases = [executor?.steps, executor?.onError?.steps, executor?.finally?.steps];
  return new Map(
    phases.flatMap((steps = {}, phase) => Object.entries(steps).map(([name, step]) => [name, { ...step, phase }])),
  );
}

export const ENDED = ["succeeded", "failed", "timedOut", "cancelled", "expired", "skipped"];

export function hasEnded({ status }: RunRow): boolean {
  return ENDED.includes(status);
}

/** `90s`, `5m`, `2h`, `1d`, `250ms` in milliseconds. */
export function msOf(duration: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(duration);
  if (match === null) throw new RangeError(`Cannot read duration "${duration}"`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? "ms"] ?? 1;
  return Number(match[1]) * unit;
}
