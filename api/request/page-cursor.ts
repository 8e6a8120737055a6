import { hashOf } from "../access/secret.ts";
import { problem, ProblemError } from "../contract/problem.ts";

const CHECK_LENGTH = 16;

/**
 * Writes the place in a listing after which its next page begins. The check binds it to the listing, so that a cursor
 * of one namespace or job is refused in another. It is no secret: a cursor that was made up names a place in the
 * caller's own listing and nothing else, as the listing is always derived from the request.
 *
 * @param listing - what tells this listing from all others
 * @param after - a key in it, in ASCII
 */
export function encodeCursor(listing: string, after: string): string {
  const text = btoa(after).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `${text}.${checkOf(listing, after)}`;
}

/**
 * Reads a cursor of the same listing.
 *
 * @throws {ProblemError} `cursor-invalid`
 */
export function decodeCursor(listing: string, cursor: string): string {
  const [text = "", check] = cursor.split(".");
  const after = decode(text);
  if (after === undefined || after === "" || encodeCursor(listing, after) !== `${text}.${check}`) {
    throw new ProblemError(problem("cursor-invalid", "The cursor must be the nextCursor of a page of this listing"));
  }
  return after;
}

function decode(text: string): string | undefined {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

function checkOf(listing: string, after: string): string {
  return hashOf(`${listing}\n${after}`).slice(0, CHECK_LENGTH);
}
