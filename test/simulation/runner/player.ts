import { type HistoryOptions, type HistoryReport, playHistory } from "../world/history.ts";
import { type SavedTape, shrink } from "./shrink.ts";

/** What a player is asked for; a tape is a list here, since messages carry no sets. */
export interface Task {
  readonly options: Omit<HistoryOptions, "tape" | "tell">;
  /** Plays it twice and compares. */
  readonly isTwice: boolean;
  /** Shrinks it when it fails. */
  readonly isShrunk: boolean;
}

export interface Played {
  readonly report: Omit<HistoryReport, "counts" | "fired"> & {
    readonly counts: readonly (readonly [string, number])[];
    readonly decisions: number;
  };
  readonly isSame: boolean;
  readonly tape?: SavedTape;
}

/** A process that plays histories, one after the other, as it is asked to. */
process.on("message", (task: Task) => {
  void play(task).then(
    (played) => process.send?.(played),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});

async function play({ options, isTwice, isShrunk }: Task): Promise<Played> {
  const { counts, fired, ...report } = await playHistory(options);
  const again = isTwice ? await playHistory(options) : undefined;
  const [first] = report.violations;
  const tape =
    first !== undefined && isShrunk ? await shrink(options, { fired, invariant: first.invariant }) : undefined;
  return {
    report: { ...report, counts: [...counts], decisions: fired.length },
    isSame: again === undefined || again.traceHash === report.traceHash,
    ...(tape === undefined ? {} : { tape }),
  };
}
