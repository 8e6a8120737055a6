import { SystemClock } from "../../adapters/shared/system-clock.ts";
import { queueConformance } from "../conformance/queue-conformance.ts";
import { tableConformance } from "../conformance/table-conformance.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { MemoryTable } from "./memory-table.ts";

tableConformance("MemoryTable", async () => new MemoryTable());

queueConformance("MemoryQueue", async () => {
  const maxReceives = 3;
  const queue = new MemoryQueue(new SystemClock(), { maxReceives });
  return { queue, name: "default.normal", otherName: "default.high", maxReceives };
});
