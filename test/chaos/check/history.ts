import type { Job } from "../../../api/contract/job.ts";
import type { LedgerRow, LedgerSummary } from "../../../api/contract/ledger.ts";
import type { Run } from "../../../api/contract/run.ts";
import type { Effect } from "../effects.ts";
import type { Operation } from "../operations.ts";

/** All that the API tells of a job when everything has come to rest. */
export interface JobReading {
  readonly job: string;
  /** Oldest first. */
  readonly versions: readonly Job[];
  readonly runs: readonly Run[];
  readonly gaps: readonly Gap[];
  readonly ledger: LedgerSummary;
}

export type Gap = Extract<LedgerRow, { gap: unknown }>["gap"];

/** What was found in a copy of the data files, opened as after a loss of power. */
export interface CopyFinding {
  readonly name: string;
  readonly atUptimeMs: number;
  /** Operations that were acknowledged before a state that this copy must hold. */
  readonly owed: readonly Operation[];
  /** Final states that the API had shown by then; the copy must hold them. */
  readonly owedFinals: readonly Run[];
  /** `ok`, or what `PRAGMA integrity_check` says. */
  readonly integrity: string;
  readonly contents: CopyContents;
}

/** What a copy holds, by what the workload can name. */
export interface CopyContents {
  /** Id of the operation that asked for it → status of its run. */
  readonly triggered: Readonly<Record<string, string>>;
  /** Status of every run by its id. */
  readonly runs: Readonly<Record<string, string>>;
  /** Ids of runs whose cancellation was asked for. */
  readonly cancelling: readonly string[];
  /** `job@version` of every version of a job. */
  readonly versions: readonly string[];
}

/** Everything that the black box knows of a round. */
export interface History {
  readonly operations: readonly Operation[];
  readonly effects: readonly Effect[];
  /** Final states that the API showed while harm was done. */
  readonly finals: readonly Run[];
  /** Read twice, with a while in between. */
  readonly first: readonly JobReading[];
  readonly second: readonly JobReading[];
  readonly copies: readonly CopyFinding[];
  /** `ok`, or what `PRAGMA integrity_check` says of the database itself; absent for a body without one. */
  readonly integrity?: string;
}

/**
 * - `lost`: a slot without a row, or a run that does not end
 * - `doubled`: two runs of a slot, two accepted ends of a run, an attempt that nothing explains, two holders of an attempt
 * - `missing`: an acknowledged change is not there
 * - `unexplained`: something is there that nobody asked for
 * - `changed`: a final state is another one later
 * - `revived`: what was cancelled ran again
 * - `phantom`: effects and records contradict each other
 * - `overlap`: two runs or attempts at the same time that must not be
 * - `failed`: the API answered with an internal error, or a process did not do what it is told to
 * - `corrupt`: a database is damaged
 * - `undone`: harm of a kind was planned and never done, so that the round proves nothing of it
 */
export type ViolationKind =
  | "lost"
  | "doubled"
  | "missing"
  | "unexplained"
  | "changed"
  | "revived"
  | "phantom"
  | "overlap"
  | "failed"
  | "corrupt"
  | "undone";

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
  /** When it happened, where that is known: what was done around it tells more. */
  readonly atUptimeMs?: number;
  /** Wall time of the processes under test, where that alone is known. */
  readonly atHostMs?: number;
}
