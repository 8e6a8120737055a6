import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FileRunLogs } from "./file-run-logs.ts";
import { MemoryMetrics } from "./memory-metrics.ts";
import { fateOfProcess } from "./process-ref.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { SystemClock } from "../shared/system-clock.ts";
import { SystemIds } from "../shared/system-ids.ts";
import { SystemRandom } from "../shared/system-random.ts";
import { EMBEDDED_KNOBS, type Knobs } from "../../core/knobs.ts";
import type { Metrics } from "../../core/ports/metrics.ts";
import { type Core, createCore } from "../../core/services/core.ts";

export interface EngineOptions {
  /** The data folder; made if absent. Several processes of one machine may share it. */
  readonly folder: string;
  readonly knobs?: Partial<Knobs>;
  /** `normal` lets the last moments before a power failure be lost, never more. @default "full" */
  readonly durability?: "full" | "normal";
  /** Where measurements go. @default a `MemoryMetrics` of the engine's own */
  readonly metrics?: Metrics;
  /** Whether this process empties the write-ahead log; one of those that share the folder must. @default true */
  readonly checkpoint?: boolean;
}

/** The core over the embedded adapters, and what has to be closed with it. */
export interface Engine {
  readonly core: Core;
  readonly logs: FileRunLogs;
  readonly store: SqliteStore;
  close(): Promise<void>;
}

/** @throws {StoreOpenError} when the data folder cannot or must not be used */
export function openEngine({
  folder,
  knobs,
  durability = "full",
  checkpoint = true,
  metrics = new MemoryMetrics(),
}: EngineOptions): Engine {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const clock = new SystemClock();
  const store = SqliteStore.open({ folder, durability, checkpoint, clock });
  const logs = new FileRunLogs(join(folder, "logs"));
  const core = createCore(
    {
      table: store.table,
      queue: store.queue,
      clock,
      random: new SystemRandom(),
      ids: new SystemIds(),
      metrics,
      fateOf: fateOfProcess,
    },
    { ...EMBEDDED_KNOBS, ...knobs },
  );
  return { core, logs, store, close: () => store.close() };
}
