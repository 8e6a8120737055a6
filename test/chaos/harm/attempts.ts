import type { Counts } from "../counts.ts";
import type { Journal } from "../journal.ts";
import { findAttemptProcesses, signal } from "../processes.ts";
import type { HarmKind } from "./plan.ts";

/** What is needed to kill what attempts have started, whatever body they run on. */
export interface AttemptContext {
  /** By which the processes of attempts are known. */
  readonly effectsPath: string;
  readonly journal: Journal;
  readonly counts: Counts;
}

/** Kills a process of somebody's command. */
export const killChild: HarmKind<AttemptContext>["harm"] = ({ effectsPath, journal, counts }, random) => {
  const children = findAttemptProcesses(effectsPath);
  if (children.length === 0) return Promise.resolve(false);
  const child = random.pick(children);
  const isKilled = signal(child, "SIGKILL");
  if (isKilled) counts.add("kills.child");
  journal.note(`SIGKILL to process ${child.pid} of an attempt`);
  return Promise.resolve(isKilled);
};
