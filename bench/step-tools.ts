import type { Peer, Session } from "./peer.ts";

/** What a step has at hand. */
export interface StepTools {
  readonly peer: Peer;
  readonly open: () => Promise<Session>;
  /** Tells the harness that a part begins or ends; resolves when it has been told. */
  readonly mark: (name: "opened" | "start" | "end") => Promise<void>;
  /** Ends the step: the first job was due before the last one was in. */
  readonly tooSlow: (insertMs: number) => Promise<never>;
}
