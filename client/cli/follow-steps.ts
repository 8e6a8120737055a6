import type { Run } from "../../api/contract/run.ts";
import type { StepState } from "../../api/contract/workflow.ts";
import type { Session } from "./session.ts";
import { stepLine } from "./steps-text.ts";

/** After the first look; each rest is so much longer than the one before. */
const FIRST_REST_MS = 500;
/** As long as a look at a log takes on AWS, where answers are not streamed. */
const LONGEST_REST_MS = 3_000;

/**
 * Tells each change of a workflow's steps, until its run has ended. Every look is one request; a step that begins and ends
 * between two of them is told of once.
 *
 * @returns the run of the workflow as it has ended
 */
export async function followSteps(session: Session, runId: string): Promise<Run> {
  const client = await session.client();
  const told = new Map<string, string>();
  for (let restMs = FIRST_REST_MS; ; restMs = Math.min(LONGEST_REST_MS, restMs + FIRST_REST_MS)) {
    const { run, steps } = await client.workflows.steps(runId);
    for (const step of steps) {
      const state = stateOf(step);
      const line = told.get(step.name) === state ? undefined : stepLine(step, session);
      told.set(step.name, state);
      if (line !== undefined) session.note(line);
    }
    if (run.endedAt !== undefined) return run;
    await session.io.sleep(restMs);
  }
}

/** What is told anew when it changes; not how far items have come, which may change at every look. */
function stateOf({ status, run }: StepState): string {
  return `${status} ${run?.attempt ?? 0}`;
}
