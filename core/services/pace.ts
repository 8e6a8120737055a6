import type { Clock } from "../ports/clock.ts";
import type { Table } from "../ports/table.ts";
import { type Pace, SAFETY_PERIOD_MS, type Timer } from "../ports/timer.ts";
import { keys } from "../store/keys.ts";

interface PaceRecord {
  readonly pace: Pace;
  /** Of a platform that is stopped. */
  readonly stop?: PlatformStop;
}

/** Who stopped the platform, when and why. */
export interface PlatformStop {
  readonly atMs: number;
  readonly by?: string;
  readonly note?: string;
}

interface StoredPace extends PaceRecord {
  readonly rev?: number;
}

export interface PaceLook {
  readonly look: () => Promise<number | undefined>;
  readonly isAwake: () => Promise<boolean>;
  readonly isRare: boolean;
}

const NO_TIMER: Timer = { setPace: () => Promise.resolve() };

/** With nothing due for so long, the scheduler is woken rarely. Longer than two of the rare ticks: one may fail. */
const QUIET_MS = 2 * SAFETY_PERIOD_MS + 5 * 60_000;

/**
 * Keeps the timer's pace to what is due: slow when nothing is due for long, steady again as soon as something nearer is
 * armed.
 *
 * A record says what the pace is meant to be; whoever changes it writes the record first, then sets the timer. The tick
 * that slows down and the one who arms an entry meanwhile can't miss each other: the former writes the record and then
 * looks at the index once more; the latter writes the entry and then looks at the record. And whoever has set the timer
 * looks at the record again: had it been changed meanwhile, the timer is set to what it says now. What a crash between
 * record and timer leaves is put right by the next tick, at the latest the rare one; after one in the middle of letting a
 * stopped platform go on, the deed has to be repeated.
 */
export class Pacer {
  readonly #table: Table;
  readonly #timer: Timer;
  readonly #clock: Clock;

  /** @param ports.timer - absent where schedulers run all the time: they look at the record themselves */
  constructor({ table, timer = NO_TIMER, clock }: { table: Table; timer?: Timer; clock: Clock }) {
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

  /** Who stopped the platform, when and why; `undefined` when it goes on. */
  async findStop(): Promise<PlatformStop | undefined> {
    return (await this.#read()).stop;
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
    if (stored.pace === "slow") return isRare ? "slow" : this.#setTimer(stored);
    const slow = await this.#write(stored, "slow");
    if (slow === undefined) return "steady";
    if (isQuiet(await look())) return this.#setTimer(slow);
    await this.#change(slow, "steady");
    return "steady";
  }

  /** Stops the scheduler. Messages that are on their way are not called back. Idempotent: the first who did it is remembered. */
  async stop({ by, note }: Omit<PlatformStop, "atMs"> = {}): Promise<void> {
    const stop = {
      atMs: Math.floor(this.#clock.nowMs()),
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
    };
    for (;;) {
      const stored = await this.#read();
      if (await this.#change(stored, "stopped", stored.stop ?? stop)) return;
    }
  }

  /** Lets the scheduler go on. Idempotent. */
  async go(): Promise<void> {
    while (!(await this.#change(await this.#read(), "steady")));
  }

  /** Sets record and timer; `false` when the record has been changed by another, who sets the timer then. */
  async #change(stored: StoredPace, pace: Pace, stop?: PlatformStop): Promise<boolean> {
    const written = await this.#write(stored, pace, stop);
    if (written === undefined) return false;
    await this.#setTimer(written);
    return true;
  }

  /** Sets the timer to a pace, or to the one that the record has got meanwhile; returns which. */
  async #setTimer(stored: StoredPace): Promise<Pace> {
    for (let wanted = stored; ;) {
      await this.#timer.setPace(wanted.pace);
      const now = await this.#read();
      if (now.rev === wanted.rev) return wanted.pace;
      wanted = now;
    }
  }

  async #read(): Promise<StoredPace> {
    const stored = await this.#table.get(keys.pace);
    return stored === undefined ? { pace: "steady" } : { ...(stored.body as PaceRecord), rev: stored.rev };
  }

  async #write(stored: StoredPace, pace: Pace, stop?: PlatformStop): Promise<StoredPace | undefined> {
    const record: PaceRecord = { pace, ...(stop === undefined ? {} : { stop }) };
    const written = await this.#table.put(keys.pace, record, stored.rev ?? "absent");
    return written.ok ? { pace, rev: written.rev } : undefined;
  }
}
