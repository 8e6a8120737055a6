import { ApiError, ConnectionError } from "../sdk/api-error.ts";

/** How the command ends, for scripts. */
export const EXIT_CODES = {
  ok: 0,
  /** Anything else, and a run that was waited for and did not succeed. */
  failure: 1,
  /** Bad usage or bad input. */
  usage: 2,
  /** No or insufficient credentials. */
  access: 3,
  notFound: 4,
  /** In conflict with what is stored. */
  conflict: 5,
  /** Too many requests, or a quota is used up. */
  limit: 6,
  /** The server can't be reached or can't serve. */
  unavailable: 7,
  /** `plan --exit-code` has found changes. */
  changes: 10,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConnectionError) return EXIT_CODES.unavailable;
  if (!(error instanceof ApiError)) return EXIT_CODES.failure;
  if (error.code === "quota-exceeded") return EXIT_CODES.limit;
  return BY_STATUS[error.status] ?? (error.status >= 400 && error.status < 500 ? EXIT_CODES.usage : EXIT_CODES.failure);
}

const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  401: EXIT_CODES.access,
  403: EXIT_CODES.access,
  404: EXIT_CODES.notFound,
  409: EXIT_CODES.conflict,
  412: EXIT_CODES.conflict,
  429: EXIT_CODES.limit,
  502: EXIT_CODES.unavailable,
  503: EXIT_CODES.unavailable,
  504: EXIT_CODES.unavailable,
  507: EXIT_CODES.unavailable,
};
