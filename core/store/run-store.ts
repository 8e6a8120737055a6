import type { Json } from "../json.ts";
import { type Expectation, MAX_BATCH_GET, type PutOptions, type Stored, type Table } from "../ports/table.ts";
import { type Gap, isGapKey } from "../ledger/gap.ts";
import { type RunKey, stampOf } from "../run/run-id.ts";
import type { Run } from "../run/run.ts";
import { keys } from "./keys.ts";
import { listAll, listRange } from "./pages.ts";

export interface StoredRun {
  readonly run: Run;
  readonly rev: number;
}

export type RunWrite =
  | { readonly ok: true; readonly rev: number }
  | { readonly ok: false; readonly current: StoredRun | undefined };

/** A ledger row as stored: a run, or a gap that covers a stretch. */
export type LedgerRow = { readonly run: Run } | { readonly gap: Gap };

/** The ledger: runs and gaps of a job, in time order. */
export class RunStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(key: RunKey): Promise<StoredRun | undefined> {
    const stored = await this.#table.get(keys.run(key));
    return stored === undefined ? undefined : asRun(stored);
  }

  async findMany(runKeys: readonly RunKey[]): Promise<readonly StoredRun[]> {
    const batches: Promise<readonly Stored[]>[] = [];
    for (let i = 0; i < runKeys.length; i += MAX_BATCH_GET) {
      batches.push(this.#table.batchGet(runKeys.slice(i, i + MAX_BATCH_GET).map((key) => keys.run(key))));
    }
    return (await Promise.all(batches)).flat().map(asRun);
  }

  async put(run: Run, expect: Expectation, options?: PutOptions): Promise<RunWrite> {
    const result = await this.#table.put(keys.run(run), run, expect, options);
    if (result.ok) return result;
    return { ok: false, current: result.current === undefined ? undefined : asRun(result.current) };
  }

  /** The steps of a workflow's run that have a record, by name. */
  async steps(workflow: RunKey): Promise<ReadonlyMap<string, StoredRun>> {
    const steps = new Map<string, StoredRun>();
    for await (const stored of listAll(this.#table, keys.steps(workflow))) steps.set(stored.key.sk, asRun(stored));
    return steps;
  }

  /** The items of a step that have a record, in the order of the list. */
  async *items(workflow: RunKey, step: string): AsyncGenerator<StoredRun> {
    for await (const stored of listAll(this.#table, keys.items(workflow, step))) yield asRun(stored);
  }

  /**
   * Writes down what a step runs for, once.
   *
   * @returns the list that stands there
   */
  async putItemList(workflow: RunKey, step: string, list: readonly Json[]): Promise<readonly Json[]> {
    const written = await this.#table.put(keys.itemList(workflow, step), { list }, "absent");
    return written.ok ? list : listOf(written.current);
  }

  async itemList(workflow: RunKey, step: string): Promise<readonly Json[]> {
    return listOf(await this.#table.get(keys.itemList(workflow, step)));
  }

  /**
   * Puts a gap, or lengthens the one of its version that begins at the same instant. Gaps are never shortened: a repeated
   * visit that saw less must not uncover what an earlier one had covered.
   */
  async putGap(gap: Gap): Promise<void> {
    const { namespace, job, fromMs, toMs, version } = gap;
    const fromStamp = stampOf(fromMs);
    // First where it is looked for: a row that no look finds would be worth nothing.
    await this.#table.put(keys.gapEnd(namespace, job, { toStamp: stampOf(toMs), fromStamp, version }), gap, "any");
    const key = keys.gap(namespace, job, fromStamp, version);
    let longer = gap;
    for (let expect: Expectation = "absent"; ;) {
      const result = await this.#table.put(key, longer, expect);
      if (result.ok || result.current === undefined) return;
      const current = result.current.body as Gap;
      if (current.toMs >= gap.toMs) return;
      longer = { ...current, ...gap };
      expect = result.current.rev;
    }
  }

  /** A page of the runs whose stamp lies in [fromMs, beforeMs), newest first; `after` is a former page's `next`. */
  async newest(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    range: { fromMs: number; beforeMs: number; limit: number; after: string | undefined },
  ): Promise<{ runs: readonly Run[]; next: string | undefined }> {
    const { fromMs, beforeMs, limit, after } = range;
    const { pk } = keys.run({ namespace, job: name, stamp: "" });
    const page = await this.#table.query({
      pk,
      from: stampOf(fromMs),
      before: stampOf(beforeMs),
      descending: true,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    const runs = page.items.filter(({ key }) => !isGapKey(key.sk)).map((stored) => asRun(stored).run);
    return { runs, next: page.next };
  }

  /** The gaps that cover any instant in [fromMs, toMs]. */
  async gapsOver(
    job: { readonly namespace: string; readonly name: string },
    { fromMs, toMs }: { fromMs: number; toMs: number },
  ): Promise<readonly Gap[]> {
    const gaps: Gap[] = [];
    const pk = keys.gapEnds(job.namespace, job.name);
    for await (const stored of listRange(this.#table, { pk, from: stampOf(fromMs), before: "~" })) {
      const gap = stored.body as Gap;
      // In the order of their ends: one that ends later may begin earlier.
      if (gap.fromMs <= toMs) gaps.push(gap);
    }
    return gaps;
  }

  /** Rows whose stamp lies in [fromMs, beforeMs), in time order (or newest first). Gaps sort at their first instant. */
  async *rows(
    job: { readonly namespace: string; readonly name: string },
    { fromMs, beforeMs, descending }: { fromMs: number; beforeMs: number; descending?: boolean },
  ): AsyncGenerator<LedgerRow> {
    const { pk } = keys.run({ namespace: job.namespace, job: job.name, stamp: "" });
    const range = {
      pk,
      from: stampOf(fromMs),
      before: stampOf(beforeMs),
      ...(descending === undefined ? {} : { descending }),
    };
    for await (const stored of listRange(this.#table, range)) yield asRow(stored);
  }

  /** A page of rows, newest first; `after` is a former page's `next`. */
  async page(
    job: { readonly namespace: string; readonly name: string },
    options: { limit: number; after?: string | undefined; descending?: boolean },
  ): Promise<{ rows: readonly LedgerRow[]; next: string | undefined }> {
    const { pk } = keys.run({ namespace: job.namespace, job: job.name, stamp: "" });
    const page = await this.#table.query({
      pk,
      limit: options.limit,
      descending: options.descending ?? true,
      ...(options.after === undefined ? {} : { after: options.after }),
    });
    return { rows: page.items.map(asRow), next: page.next };
  }
}

function asRun(stored: Stored): StoredRun {
  return { run: stored.body as Run, rev: stored.rev };
}

function listOf(stored: Stored | undefined): readonly Json[] {
  return (stored?.body as { readonly list: readonly Json[] } | undefined)?.list ?? [];
}

function asRow(stored: Stored): LedgerRow {
  return isGapKey(stored.key.sk) ? { gap: stored.body as Gap } : { run: stored.body as Run };
}
