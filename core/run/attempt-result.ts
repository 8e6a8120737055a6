import type { Json } from "../json.ts";

/** How an attempt ended, as its worker saw it. */
export type AttemptResult =
  | { readonly kind: "succeeded"; readonly result?: Json; readonly exitCode?: number }
  | { readonly kind: "failed"; readonly error: AttemptError; readonly exitCode?: number }
  /** It was made to end early. `confirmed`: nothing of it is left, and this was checked. */
  | {
      readonly kind: "stopped";
      readonly reason: "cancel" | "timeout" | "heartbeatTimeout" | "drain" | "fenced";
      readonly stop: { readonly confirmed: boolean; readonly evidence: string };
      readonly exitCode?: number;
    };

export interface AttemptError {
  readonly name: string;
  readonly message: string;
  /** `false`: another attempt can't help, whatever the policy says. */
  readonly retryable?: boolean;
}
