import type { Executor } from "./executor.ts";

/** An executor that tells how many attempts it executes at present. */
export interface CountedExecutor extends Executor {
  readonly executing: number;
}

export function countExecuting(executor: Executor): CountedExecutor {
  let executing = 0;
  return {
    get executing() {
      return executing;
    },
    async execute(task, io) {
      executing += 1;
      try {
        return await executor.execute(task, io);
      } finally {
        executing -= 1;
      }
    },
  };
}
