import type { Settings } from "./peer.ts";

/** One step of a workload, carried out by one peer in a fresh process. */
export type Step =
  | { readonly kind: "throughput"; readonly jobs: number; readonly singles: number }
  | { readonly kind: "precision"; readonly jobs: number; readonly windowMs: number; readonly leadMs: number }
  | { readonly kind: "herd"; readonly jobs: number; readonly leadMs: number }
  | { readonly kind: "fill"; readonly jobs: number; readonly offset: number; readonly limitMs: number }
  | { readonly kind: "recurring"; readonly jobs: number; readonly windowMs: number; readonly unit: "second" | "minute" }
  | { readonly kind: "workflows"; readonly crowd: number; readonly alone: number }
  | { readonly kind: "queue"; readonly jobs: number }
  | { readonly kind: "work"; readonly log: string; readonly killAtStart: number | undefined };

export type StepKind = Step["kind"];

/** What the process of a step is told. */
export interface Order {
  readonly peer: string;
  readonly step: Step;
  readonly settings: Settings;
  readonly folder: string;
  readonly redisPort: number;
  readonly postgresUrl: string;
}

/** What a step measured, by name; names carry their unit last. */
export type Figures = Readonly<Record<string, number | null>>;

/** What the process of a step says. Processor time is counted between the marks `start` and `end`. */
export type Reply =
  | { readonly mark: "opened" | "start" | "end"; readonly rssBytes: number }
  /** The jobs could not be inserted before the first was due. */
  | { readonly tooSlowMs: number }
  | { readonly figures: Figures; readonly problems: readonly string[] }
  | { readonly failure: string };
