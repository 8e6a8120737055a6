import { problem, ProblemError } from "../contract/problem.ts";
import { decodeCursor, encodeCursor } from "../request/page-cursor.ts";

/** A place in the log of a run. */
export interface LogPlace {
  readonly attempt: number;
  /** Where the store's page begins; absent: at the start of the attempt's log. */
  readonly next?: string | undefined;
  /** Entries of that page that come before the place: the store knows places between pages only. */
  readonly skip?: number;
  /** A follower has been told that the attempt began. */
  readonly isAnnounced?: boolean;
}

const PLACE = /^(\d{1,9})(!?) (\d{1,9}) (.*)$/;

export function encodeLogCursor(runId: string, place: LogPlace): string {
  const { attempt, next = "", skip = 0, isAnnounced = false } = place;
  return encodeCursor(`logs#${runId}`, `${attempt}${isAnnounced ? "!" : ""} ${skip} ${next}`);
}

/** @throws {ProblemError} `cursor-invalid` */
export function decodeLogCursor(runId: string, cursor: string): LogPlace {
  const match = PLACE.exec(decodeCursor(`logs#${runId}`, cursor));
  const [, attempt, mark, skip, next] = match ?? [];
  if (Number(skip) > MAX_SKIP || match === null) {
    throw new ProblemError(problem("cursor-invalid", "The cursor must be the nextCursor of a page of this log"));
  }
  return {
    attempt: Number(attempt),
    skip: Number(skip),
    ...(mark === "" ? {} : { isAnnounced: true }),
    ...(next === "" ? {} : { next }),
  };
}

/** Entries of one page that is read while following. */
export const MAX_SKIP = 1_000;
