import type { Backfill as StoredBackfill } from "../../core/store/backfill-store.ts";
import type { Backfill } from "../contract/backfill.ts";
import { iso } from "./iso.ts";

export function presentBackfill({ fromMs, toMs, createdAtMs, ...backfill }: StoredBackfill): Backfill {
  return { ...backfill, from: iso(fromMs), to: iso(toMs), createdAt: iso(createdAtMs) };
}
