import type { Id } from "./ids.ts";

/** Who asks: an admin of all namespaces, a viewer of all, an admin of the namespace `other`, or nobody. */
export type Asker = "admin" | "viewer" | "stranger" | "nobody";

export interface RowOptions {
  /** Sent as JSON, unless it is a text or bytes already. */
  readonly body?: unknown;
  /** @default admin */
  readonly as?: Asker;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One bad input of the catalogue: its id, its name, method and path, what is sent, status and slug of the answer, what
 * the message says, and the faults as `pointer code`.
 *
 * A path may name things of the stage as `{finished}`, see `Stage`.
 */
export type Row = readonly [
  id: Id,
  name: string,
  request: string,
  options: RowOptions,
  expected: string,
  says: string,
  faults?: readonly string[] | undefined,
];

export const NAMESPACE = "/v1/namespaces/default";
export const JOBS = `${NAMESPACE}/jobs`;
export const JOB = `${JOBS}/report`;

export const REPORT = {
  name: "report",
  schedule: { cron: "0 2 * * *" },
  executor: { type: "command", argv: ["true"] },
} as const;

/** A text of so many characters. */
export const long = (length: number): string => "x".repeat(length);

/** The body that changes the job that is there. */
export const definition = (change: object): RowOptions => ({ body: { ...REPORT, ...change } });

/** The body that defines another job. */
export const fresh = (change: object): RowOptions => definition({ name: "fresh", ...change });

/** The creation of a job that is refused for one field. */
export function field(
  id: Id,
  name: string,
  change: object,
  expected: string,
  says: string,
  faults?: readonly string[],
): Row {
  return [id, name, `POST ${JOBS}`, fresh(change), expected, says, faults];
}
