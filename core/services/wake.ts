import type { Ports } from "./core.ts";
import type { Pacer } from "./pace.ts";
import type { PoolSizer } from "./pool-sizer.ts";

/**
 * What a process does that defines jobs and asks for runs where neither scheduler nor workers run all the time: it wakes
 * the pools of the runs that it rings for, and makes a slow timer steady for what it arms. A failure is told and leaves
 * both to the next tick: what was asked for has been put down before.
 */
export function wakeHooks({
  sizer,
  pacer,
  onError,
}: {
  readonly sizer: PoolSizer;
  readonly pacer: Pacer;
  readonly onError: (error: unknown) => void;
}): Required<Pick<Ports, "onRung" | "onArmed">> {
  return {
    async onRung(rung) {
      sizer.note(rung);
      await sizer.grow().catch(onError);
    },
    async onArmed(visitAtMs) {
      await pacer.armed(visitAtMs).catch(onError);
    },
  };
}
