import type { Clock } from "../ports/clock.ts";
import type { Table } from "../ports/table.ts";
import { type Pace, SAFETY_PERIOD_MS, type Timer } from "../ports/timer.ts";
import { keys } from "../store/keys.ts";

interface PaceRecord {
  readonly pace: Pace;
}

interface StoredPace extends PaceRecord {
  readonly rev?: number;
}

export interface PaceLook {
  readonly look: () => Promise<number | undefined>;
  readonly isAwake: () => Promise<boolean>;
  readonly isRare: boolean;
}

/** With nothing due for so long, the scheduler is woken rarely. Longer than the time between two of the rare ticks. */
const QUIET_MS = SAFETY_PERIOD_MS + 5 * 60_000;

/**
 * Keeps the timer's pace to what is due: slow when nothing is due for long, steady again as soon as something nearer is
 * armed.
 *
 * A record says what the pace is meant to be; whoever changes it writes the record first, then sets the timer. The tick
 * that slows down and the one who arms an entry meanwhile can't miss each other: the former writes the record and then
 * looks at the index once more; the latter writes the entry and then looks at the record. And the former looks at the
 * record again when the timer is set: had it been made steady meanwhile, it makes the timer steady too. What a crash
 * between record and timer leaves is put right by the next tick, at the latest the rare one.
 */
export class Pacer {
  readonly #table: Table;
  readonly #timer: Timer;
  readonly #clock: Clock;

  constructor({ table, timer, clock }: { table: Table; timer: Timer; clock: Clock }) {
    this.#table = table;
    this.#timer = timer;
    this.#clock = clock;
  }

  /** To be called after an entry has been armed. */
  async armed(visitAtMs: number): Promise<void> {
    if (visitAtMs > this.#clock.nowMs() + QUIET_MS) return;
    const stored = await this.#read();
    if (stored.pace === "slow") await this.#change(stored, "steady");
  }

  /** Whether the scheduler is to rest altogether. */
  async isStopped(): Promise<boolean> {
    return (await this.#read()).pace === "stopped";
  }

  /**
   * To be called at the end of a tick.
   *
   * @param nextVisitMs - the soonest visit to come, epoch milliseconds, as the tick saw it; `undefined` for none
   * @param options.look - gives the same as of now
   * @param options.isAwake - whether workers are at work: what they arm is not told of, so it is looked at steadily
   * @param options.isRare - whether this tick came long after the last one, as when the timer is slow
   */
  async settle(nextVisitMs: number | undefined, { look, isAwake, isRare }: PaceLook): Promise<Pace> {
    const stored = await this.#read();
    if (stored.pace === "stopped") return "stopped";
    const isQuiet = (visitAtMs = Infinity) => visitAtMs > this.#clock.nowMs() + QUIET_MS;
    if (!isQuiet(nextVisitMs) || (await isAwake())) {
      if (stored.pace === "slow" || isRare) await this.#change(stored, "steady");
      return "steady";
    }
    if (stored.pace === "slow") return "slow";
    const slow = await this.#write(stored, "slow");
    if (slow === undefined) return "steady";
    if (isQuiet(await look())) {
      await this.#timer.setPace("slow");
      if ((await this.#read()).rev === slow.rev) return "slow";
      await this.#timer.setPace("steady");
    } else {
      await this.#change(slow, "steady");
    }
    return "steady";
  }

  /** Stops the scheduler, or lets it go on. Messages that are on their way are not called back. */
  async setStopped(isStopped: boolean): Promise<void> {
    const pace = isStopped ? "stopped" : "steady";
    while (!(await this.#change(await this.#read(), pace)));
  }

  /** Sets record and timer; `false` when the record has been changed by another, who sets the timer then. */
  async #change(stored: StoredPace, pace: Pace): Promise<boolean> {
    if ((await this.#write(stored, pace)) === undefined) return false;
    await this.#timer.setPace(pace);
    return true;
  }

  async #read(): Promise<StoredPace> {
    const stored = await this.#table.get(keys.pace);
    return stored === undefined ? { pace: "steady" } : { pace: (stored.body as PaceRecord).pace, rev: stored.rev };
  }

  async #write(stored: StoredPace, pace: Pace): Promise<StoredPace | undefined> {
    const record: PaceRecord = { pace };
    const written = await this.#table.put(keys.pace, record, stored.rev ?? "absent");
    return written.ok ? { pace, rev: written.rev } : undefined;
  }
}
