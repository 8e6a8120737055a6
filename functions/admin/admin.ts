import { newAdmin } from "../../api/access/first-admin.ts";
import { quoteValue } from "../../api/contract/quote.ts";
import type { Core } from "../../core/services/core.ts";
import type { FunctionLog } from "../shared/function-log.ts";

export interface AdminDeps {
  readonly core: Pick<Core, "table" | "clock" | "ids">;
  readonly log: FunctionLog;
}

const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 128;

/**
 * Does what takes more rights than any token has, for those whom IAM lets invoke it. The event says what:
 * `{ "newAdminToken": { "name": "ana" } }` makes an admin token, which is in the answer and nowhere else.
 *
 * @throws {TypeError} for any other event, naming the field
 */
export function adminHandler({ core, log }: AdminDeps) {
  return async (event: unknown): Promise<{ readonly token: string }> => {
    const name = readName(event);
    const token = await newAdmin(core, name);
    log.info("admin token made", { name });
    return { token };
  };
}

function readName(event: unknown): string {
  const { newAdminToken } = fieldsOf(event, "the event", ["newAdminToken"]);
  const { name } = fieldsOf(newAdminToken, "newAdminToken", ["name"]);
  if (typeof name === "string" && name.length <= MAX_NAME_LENGTH && NAME.test(name)) return name;
  const rule = `lower-case letters and digits, with single '-', '_' or '.' between them, at most ${MAX_NAME_LENGTH}`;
  throw new TypeError(`Cannot make a token: newAdminToken.name must be ${rule}; got ${quoteValue(name)}`);
}

/** The fields of an object that has exactly these. */
function fieldsOf(value: unknown, what: string, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const shape = `{ ${names.map((name) => `"${name}"`).join(", ")} }`;
    throw new TypeError(`Cannot do it: ${what} must be an object ${shape}; got ${quoteValue(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw new TypeError(`Cannot do it: ${what} has an unknown field ${quoteValue(name)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}
