import type { AuditStore } from "../../core/store/audit-store.ts";
import type { Pacer } from "../../core/services/pace.ts";
import type { TokenStore } from "../../core/store/token-store.ts";
import type { Authenticator } from "../access/authenticator.ts";
import type { Principal } from "../access/principal.ts";
import type { AccessSettings } from "../access/settings.ts";
import type { ApiDeps, Authenticate } from "../api-deps.ts";
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, Route } from "../contract/route.ts";
import type { KeptAnswer } from "../request/idempotent.ts";
import type { Conditions } from "../request/read-conditions.ts";
import type { FollowPolicy } from "./follow-log.ts";
import type { StoreProbe } from "./store-probe.ts";

/** What every handler may use. */
export interface ApiContext extends ApiDeps {
  readonly tokens: TokenStore;
  readonly audit: AuditStore;
  readonly authenticator: Authenticator;
  readonly access: AccessSettings;
  readonly authenticate: Authenticate;
  readonly following: FollowPolicy;
  readonly pacer: Pacer;
  readonly probe: StoreProbe;
  /** Streams that are open. */
  readonly followers: { count: number };
}

/** One request to a route: parsed, authenticated and allowed. */
export interface Call<R extends Route> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly principal: Principal;
  readonly conditions: Conditions;
  readonly idempotencyKey: string | undefined;
  readonly request: Request;
  readonly requestId: string;
}

/** What a handler answers: one of the route's statuses with its body, or a response of its own making. */
export type Answer<R extends Route> = (AnswerOf<R> & AnswerExtras) | RawAnswer;

/** An answer of whatever route. */
export type AnyAnswer = (KeptAnswer & AnswerExtras) | RawAnswer;

export interface AnswerExtras {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether something was changed, for the audit trail. @default true, on routes that have an action */
  readonly changed?: boolean;
  /** What was changed, when the path does not name it: a path below `/v1`. */
  readonly subject?: string;
}

export interface RawAnswer {
  readonly raw: Response;
}

export type Handler<R extends Route> = (call: Call<R>, context: ApiContext) => Promise<Answer<R>>;

/** A request to whatever route, and its handler: what a call holds is known by the schemas of its own route only. */
export type AnyCall = Omit<Call<Route>, "params" | "query" | "body"> & {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
};
export type AnyHandler = (call: never, context: ApiContext) => Promise<AnyAnswer>;

/** A handler for every route of a table: one that was forgotten does not compile. */
export type HandlersOf<T extends Readonly<Record<string, Route>>> = { readonly [K in keyof T]: Handler<T[K]> };
