import { describe } from "vitest";
import type { Table } from "../../core/ports/table.ts";
import { describeRacesAndBatches } from "./table-batches.ts";
import { describeQueriesAndBounds } from "./table-queries.ts";
import { describeWrites } from "./table-writes.ts";

/** What every Table promises. `open` gives a table that may hold other partitions' items; each test uses its own. */
export function tableConformance(name: string, open: () => Promise<Table>): void {
  describe(`${name} keeps the Table port`, () => {
    describeWrites(open);
    describeRacesAndBatches(open);
    describeQueriesAndBounds(open);
  });
}
