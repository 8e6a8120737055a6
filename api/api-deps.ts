import type { Context } from "hono";
import type { DefinitionLimits } from "../core/job/check-definition.ts";
import type { RunLogs } from "../core/ports/run-logs.ts";
import type { Core } from "../core/services/core.ts";
import type { Pacer } from "../core/services/pace.ts";
import type { Principal } from "./access/principal.ts";
import type { AccessSettings } from "./access/settings.ts";
import type { FollowPolicy } from "./routes/follow-log.ts";

/** What a host gives the API. */
export interface ApiDeps {
  readonly core: Core;
  readonly logs: RunLogs;
  readonly access?: AccessSettings;
  /** Finds out who makes a request. @default whoever the bearer token in its header belongs to */
  readonly authenticate?: Authenticate;
  /** How logs are followed. @default `STREAMED`, for a host that passes events on as they come */
  readonly following?: FollowPolicy;
  /** Pauses the platform. @default one without a timer, for a host whose schedulers run all the time */
  readonly pacer?: Pacer;
  readonly limits: DefinitionLimits;
  /** How the host is; answers `/readyz`, together with a look at the store. */
  readonly health: () => Promise<HostHealth>;
  /** The metrics in the text format of Prometheus; without it there is no `/metrics`. */
  readonly renderMetrics?: () => string;
  /** Told of every request and of what went wrong. Never given a secret or a body. */
  readonly logger: (event: ApiEvent) => void;
  /** The address that a request came from, where the host knows it. */
  readonly clientAddress?: (context: Context) => string | undefined;
}

/**
 * Who makes a request.
 *
 * @throws {ProblemError} `unauthenticated`, `token-invalid`
 */
export type Authenticate = (request: Request, context: Context) => Promise<Principal>;

export interface HostHealth {
  /** Whether slots are scheduled: by this process, or to its knowledge by others. */
  readonly ready: boolean;
  readonly scheduler: {
    /** Shards that this process schedules. */
    readonly shards: readonly number[];
    /** Since the last round that went well; `Infinity` before the first. */
    readonly lastRoundAgeMs: number;
  };
}

export type ApiEvent =
  | {
      readonly event: "request";
      readonly requestId: string;
      readonly method: string;
      /** The route's operation; absent for an unknown route. */
      readonly operation?: string;
      readonly path: string;
      readonly status: number;
      readonly durationMs: number;
      readonly tokenId?: string;
      readonly ip?: string;
      /** Slug of the problem that it was answered with. */
      readonly problem?: string;
    }
  | {
      /** Something failed on our side; the client was told no detail. `error` is the stack, or the message. */
      readonly event: "failure";
      readonly requestId: string;
      readonly error: string;
    }
  | {
      /** A change was made and could not be taken up at once; the scheduler does it. */
      readonly event: "putOff";
      readonly requestId: string;
      readonly error: string;
    }
  | {
      /** A change was made and its audit record could not be written. */
      readonly event: "auditLost";
      readonly requestId: string;
      readonly error: string;
    };
