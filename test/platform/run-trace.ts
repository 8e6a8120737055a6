import { isHeld, type Run } from "../../core/run/run.ts";
import type { Gap } from "../../core/ledger/gap.ts";
import type { Clock } from "../../core/ports/clock.ts";
import type { BatchWrite, Expectation, Key, PutOptions, Query, Table } from "../../core/ports/table.ts";

/** One commit of a run or a gap, with what depends on chance taken out. */
export interface TraceEvent {
  /** Since the trace began. */
  readonly afterMs: number;
  /** The job, the slot's time since the trace began, and the cause. */
  readonly subject: string;
  readonly what: string;
}

/**
 * A table that puts down what becomes of every run: the trace of a scenario. Two bodies that keep the same rules leave the
 * same trace, whatever their tables and queues do.
 */
export class TracedTable implements Table {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #beganMs: number;
  readonly #events: TraceEvent[] = [];

  constructor(table: Table, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
    this.#beganMs = clock.nowMs();
  }

  /** In the order of time; of one instant in the order of the subjects, since nothing orders what happens at once. */
  trace(): readonly TraceEvent[] {
    return this.#events.toSorted(
      (left, right) =>
        left.afterMs - right.afterMs || (left.subject < right.subject ? -1 : Number(left.subject > right.subject)),
    );
  }

  get(key: Key) {
    return this.#table.get(key);
  }

  batchGet(keys: readonly Key[]) {
    return this.#table.batchGet(keys);
  }

  query(query: Query) {
    return this.#table.query(query);
  }

  async put(key: Key, body: object, expect: Expectation, options?: PutOptions) {
    const result = await this.#table.put(key, body, expect, options);
    if (result.ok) this.#note(key, body);
    return result;
  }

  delete(key: Key, expect: Expectation) {
    return this.#table.delete(key, expect);
  }

  batchWrite(writes: readonly BatchWrite[]) {
    return this.#table.batchWrite(writes);
  }

  #note({ pk, sk }: Key, body: object): void {
    if (!pk.startsWith("run#")) return;
    const isRun = !sk.endsWith("~gap");
    const { subject, what } = isRun ? this.#ofRun(body as Run) : this.#ofGap(body as Gap);
    this.#events.push({ afterMs: this.#clock.nowMs() - this.#beganMs, subject, what });
  }

  #ofRun(run: Run): Pick<TraceEvent, "subject" | "what"> {
    const { status, attempt, epoch } = run;
    const reason = "reason" in run && run.reason !== undefined ? ` (${run.reason})` : "";
    const worker = isHeld(run) ? ` by ${run.worker.id}` : "";
    return {
      subject: `${run.job} ${run.slotAtMs - this.#beganMs} ${run.cause}`,
      what: `${status}${reason}, attempt ${attempt}, epoch ${epoch}${worker}`,
    };
  }

  #ofGap({ job, fromMs, toMs, reason }: Gap): Pick<TraceEvent, "subject" | "what"> {
    return { subject: `${job} ${fromMs - this.#beganMs} gap`, what: `${reason} to ${toMs - this.#beganMs}` };
  }
}
