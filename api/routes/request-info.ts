import type { RateDecision } from "../access/rate-limiter.ts";
import type { ErrorCode } from "../contract/error-codes.ts";

/** What becomes known of a request while it is served: for the log, the audit trail and the headers of its answer. */
export interface RequestInfo {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly ip: string | undefined;
  operation?: string;
  tokenId?: string;
  rate?: RateDecision;
  problem?: ErrorCode;
}
