import { CarillonError } from "../../errors.ts";
import { formatRunId, type RunKey } from "../../run/run-id.ts";
import type { EndedRun, Ending } from "../../run/run.ts";
import { orPutOff } from "../after-commit.ts";
import type { Core } from "../core.ts";
import { followUp } from "../follow-up.ts";
import { changedTooOften, expectCarried, expectStep } from "./expect-workflow.ts";
import { endedCarried } from "./step-run.ts";

export interface ApprovalDecision {
  readonly by: string;
  readonly isApproved: boolean;
  readonly note?: string;
}

const MAX_ROUNDS = 20;

/**
 * Approves or rejects a step that waits for it. The first decision counts.
 *
 * @throws {CarillonError} `run-not-found`, `not-a-step`, `not-an-approval`, `not-an-approver`, `run-already-final`
 */
export async function decideApproval(core: Core, key: RunKey, decision: ApprovalDecision): Promise<EndedRun> {
  const action = decision.isApproved ? "approve" : "reject";
  const id = formatRunId(key);
  expectStep(key, action);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const stored = await core.runs.find(key);
    if (stored === undefined) throw new CarillonError("run-not-found", `Cannot find run "${id}"`);
    const work = (await core.jobs.ofRun(stored.run))?.work;
    const approval = work?.kind === "step" && work.step.action.kind === "approval" ? work.step.action : undefined;
    if (approval === undefined) {
      throw new CarillonError("not-an-approval", `Cannot ${action} run "${id}": it does not wait for an approval`);
    }
    if (!approval.by.includes(decision.by)) {
      const message = `Cannot ${action} run "${id}" as "${decision.by}": that is for ${approval.by.join(" or ")}`;
      throw new CarillonError("not-an-approver", message);
    }
    const { run, rev } = expectCarried(stored, action);
    const ended = endedCarried(run, { ...endingOf(decision), endedAtMs: core.clock.nowMs() });
    const written = await core.runs.put(ended, rev);
    if (!written.ok) continue;
    // The watch of the workflow goes on from here too.
    await orPutOff(core, () => followUp(core, { run: ended, rev: written.rev }));
    return ended;
  }
  throw changedTooOften(key, action, MAX_ROUNDS);
}

function endingOf({ by, isApproved, note }: ApprovalDecision): Omit<Ending, "endedAtMs"> {
  const result = { approved: isApproved, by, ...(note === undefined ? {} : { note }) };
  if (isApproved) return { status: "succeeded", result };
  const message = `rejected by ${by}${note === undefined ? "" : `: ${note}`}`;
  return { status: "failed", result, error: { name: "REJECTED", message } };
}
