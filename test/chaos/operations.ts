import { ApiError, ConnectionError } from "../../client/sdk/api-error.ts";
import { uptimeMs } from "./uptime.ts";

/**
 * What the client knows of an operation:
 *
 * - `acknowledged`: the API said that it is done
 * - `refused`: the API said that it is not done, to the one request that was sent
 * - `unknown`: no answer came, or one that leaves it open: it may have happened, now or later, or not
 */
export type Outcome = "acknowledged" | "refused" | "unknown";

/** An operation of the workload, as far as the client knows of it. */
export interface Operation {
  readonly id: string;
  readonly kind: "define" | "edit" | "pause" | "resume" | "delete" | "trigger" | "cancel";
  readonly job: string;
  /** Sent with a key that makes it safe to send again. */
  readonly isIdempotent: boolean;
  readonly begunAtUptimeMs: number;
  readonly endedAtUptimeMs: number;
  /** The latest wall time that the processes under test had been shown when the answer came, or was given up. */
  readonly latestHostMs: number;
  readonly outcome: Outcome;
  readonly answer?: Answer;
  /** Of the answer, when it was a problem in the words of the product itself. */
  readonly problemStatus?: number;
  /** Of a refusal or a lost answer: why. */
  readonly reason?: string;
}

/** What an acknowledgement told. */
export interface Answer {
  /** Of a job. */
  readonly version?: number;
  readonly since?: string;
  readonly state?: string;
  /** Of a run. */
  readonly runId?: string;
  readonly status?: string;
  readonly attempt?: number;
}

export interface Wish extends Pick<Operation, "id" | "kind" | "job" | "isIdempotent"> {
  /** Sends it; counts in `sends` how often. */
  readonly send: (sends: { count: number }) => Promise<Answer>;
}

/** Carries out an operation and says what became of it. Never rejects. */
export async function operate({ send, ...wish }: Wish, latestHostMs: () => number): Promise<Operation> {
  const begunAtUptimeMs = uptimeMs();
  const sends = { count: 0 };
  const ended = (outcome: Outcome, rest: Pick<Operation, "answer" | "problemStatus" | "reason">): Operation => ({
    ...wish,
    begunAtUptimeMs,
    endedAtUptimeMs: uptimeMs(),
    latestHostMs: latestHostMs(),
    outcome,
    ...rest,
  });
  try {
    return ended("acknowledged", { answer: await send(sends) });
  } catch (error) {
    const status = error instanceof ApiError && error.isFromServer ? { problemStatus: error.status } : {};
    return ended(outcomeOf(error, sends.count), { ...status, reason: String(error) });
  }
}

/** A refusal says that nothing happened only when it answers the first request: an earlier one may have been carried out. */
function outcomeOf(error: unknown, sends: number): Outcome {
  if (sends === 0) return "refused";
  if (error instanceof ConnectionError) return "unknown";
  if (error instanceof ApiError) return sends === 1 && error.status < 500 ? "refused" : "unknown";
  throw error;
}
