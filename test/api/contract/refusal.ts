import { ProblemError } from "../../../api/contract/problem.ts";
import type { Problem } from "../../../api/contract/problem.ts";

/** The problem that an action is refused with. */
export function refusal(action: () => unknown): Problem {
  try {
    action();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error("Cannot read the problem: nothing was refused");
}

/** Pointer and code of each fault, as `pointer code`. */
export function faults(problem: Problem): string[] {
  return (problem.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
}
