import { CarillonError } from "../../core/errors.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import type { Conditions } from "../request/read-conditions.ts";

/** What a PUT may find: nothing, or one version. */
export type Expectation = "absent" | number;

/**
 * Puts a definition under the conditions of its request.
 *
 * Without any condition it must be new: who changes something must say what they have seen of it.
 *
 * @param findVersion - the version of what stands there, `undefined` when nothing does
 * @param put - refuses a broken expectation with `name-taken` or `version-conflict`
 * @throws {ProblemError} `version-conflict` (412) and `precondition-required` (428)
 */
export async function putExpecting<T>(
  { ifMatch, ifNoneMatch }: Conditions,
  findVersion: () => Promise<number | undefined>,
  put: (expect: Expectation) => Promise<T>,
): Promise<T> {
  const expect = ifMatch === "any" ? await findVersion() : (ifMatch ?? "absent");
  if (expect === undefined) throw new ProblemError(problem("version-conflict", "Cannot change what does not exist"));
  try {
    return await put(expect);
  } catch (error) {
    const isTaken = expect === "absent" && error instanceof CarillonError && TAKEN.has(error.code);
    if (!isTaken) throw error;
    // If-None-Match that does not hold is 412 for any method but GET: RFC 9110, section 13.1.2.
    if (ifNoneMatch !== undefined) throw new ProblemError(problem("version-conflict", error.message), { cause: error });
    const detail = `${error.message}; to change it, send its ETag as If-Match`;
    throw new ProblemError(problem("precondition-required", detail), { cause: error });
  }
}

const TAKEN: ReadonlySet<string> = new Set(["name-taken", "version-conflict"]);

/** The version that a change by POST or DELETE expects; `*` expects any. */
export function ifVersionOf({ ifMatch }: Conditions): { readonly ifVersion?: number } {
  return typeof ifMatch === "number" ? { ifVersion: ifMatch } : {};
}

/**
 * Checks that a body names what its path names.
 *
 * @throws {ProblemError} `value-not-allowed` at `/name`
 */
export function checkSameName(name: string, pathName: string): void {
  if (name === pathName) return;
  const detail = `Field "name" must be the name in the path, "${pathName}"; got "${name}"`;
  const errors = [{ pointer: "/name", code: "value-not-allowed", detail, allowed: [pathName] }] as const;
  throw new ProblemError(problem("value-not-allowed", detail, { errors }));
}
