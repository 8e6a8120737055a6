import type { z } from "zod";
import type { ErrorCode } from "./error-codes.ts";
import type { Role } from "./role.ts";

/**
 * One route as it is promised. From this table come the routing, the checks of role and scope, the parsing of what is
 * sent, the audit trail and the OpenAPI document.
 */
export interface Route {
  readonly method: "get" | "put" | "post" | "delete";
  /** With parameters as `:name`. */
  readonly path: `/${string}`;
  /** What it does, as an imperative sentence without full stop. */
  readonly summary: string;
  /** The least role; `public` routes need no token. */
  readonly role: Role | "public";
  readonly scope: Scope;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** No body means `{}`. */
  readonly isBodyOptional?: boolean;
  readonly maxBodyBytes?: number;
  readonly responses: Readonly<Record<number, ResponseContract>>;
  /** Beyond those that follow from the rest of the contract. */
  readonly problems?: readonly ErrorCode[];
  /** A change, named as the audit trail names it: `job.define`. */
  readonly action?: string;
  /** How `Idempotency-Key` is honoured: by the service itself, or by keeping the answer. Absent: the header has no effect. */
  readonly idempotency?: "service" | "answer";
  /** Which conditional headers it reads. */
  readonly conditions?: readonly ("if-match" | "if-none-match")[];
}

/**
 * Whose things a route touches: those of the namespace in the path, of the run in the path, of the platform (only for
 * tokens of all namespaces), or whatever the token may see.
 */
export type Scope = "namespace" | "run" | "platform" | "token";

export interface ResponseContract {
  readonly description: string;
  /** Absent: no body. */
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
  readonly headers?: readonly ("ETag" | "Location")[];
}

/** Keeps the exact type of a table of routes while checking its shape. */
export function routes<const R extends Readonly<Record<string, Route>>>(table: R): R {
  return table;
}

/** The parsed parts of a request to a route. */
export type ParamsOf<R extends Route> = R extends { params: infer S extends z.ZodType } ? z.output<S> : undefined;
export type QueryOf<R extends Route> = R extends { query: infer S extends z.ZodType } ? z.output<S> : undefined;
export type BodyOf<R extends Route> = R extends { body: infer S extends z.ZodType } ? z.output<S> : undefined;

/** Status and body that a route may answer with. */
export type AnswerOf<R extends Route> = {
  [S in keyof R["responses"] & number]: R["responses"][S] extends { schema: infer B extends z.ZodType }
    ? { readonly status: S; readonly body: z.input<B> }
    : { readonly status: S; readonly body?: undefined };
}[keyof R["responses"] & number];
