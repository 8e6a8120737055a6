import type { CopyFinding } from "../check/history.ts";
import type { Counts } from "../counts.ts";
import type { EmbeddedHost } from "../embedded-host.ts";
import type { Journal } from "../journal.ts";
import type { Proxy } from "../proxy.ts";
import type { Control } from "../shims/control.ts";
import type { HarmKind } from "./plan.ts";
import type { Workload } from "../workload.ts";

/** What harm is done with, and where it is put down. */
export interface HarmContext {
  readonly host: EmbeddedHost;
  readonly control: Control;
  readonly proxy: Proxy;
  readonly workload: Workload;
  readonly effectsPath: string;
  /** Of everything that the round leaves. */
  readonly folder: string;
  readonly journal: Journal;
  readonly counts: Counts;
  readonly copies: CopyFinding[];
  /** Longest time of a freeze, an outage, a hold. */
  readonly longestMs: number;
  /** Aborted when harm has to end. */
  readonly signal: AbortSignal;
}

/** Does harm of one kind; resolves with `false` when there was nothing to do it to. */
export type Harm = HarmKind<HarmContext>["harm"];
