import type { Figures } from "./messages.ts";
import type { Workload } from "./profile.ts";

/** One line of a results file. */
export type Row = MeasurementRow | AbsentRow | FactsRow;

export interface MeasurementRow {
  readonly kind: "measurement";
  readonly workload: Workload | "fill";
  readonly contender: string;
  readonly repetition: number;
  /** Other jobs in the store; 0 in all workloads but W4. */
  readonly level: number;
  readonly isNoisy: boolean;
  /** Processor cores that others used meanwhile. */
  readonly foreignCores: number;
  readonly figures: Figures;
  readonly problems: readonly string[];
  readonly failure?: string;
}

export interface AbsentRow {
  readonly kind: "absent";
  readonly workload?: Workload;
  readonly contender: string;
  readonly reason: string;
}

/** On what it was measured. */
export interface FactsRow {
  readonly kind: "facts";
  readonly date: string;
  readonly profile: string;
  readonly repetitions: number;
  readonly windowMs: number;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly disk: { readonly p50Us: number; readonly p99Us: number };
  readonly durability: Readonly<Record<string, { readonly setting: string; readonly survivesPowerLoss: boolean }>>;
}
