import { tableConformance } from "../../conformance/table-conformance.ts";
import { openTemporaryStore } from "../../support/temporary-store.ts";

tableConformance("SqliteTable", async () => openTemporaryStore().table);
