import { PortError } from "../ports/errors.ts";
import type { Core } from "./core.ts";

/**
 * Does at once what follows from a change that has been committed and that an armed entry sees to in any case: an error
 * only puts it off. The change was made, so its caller is not to learn of it; `core.onPutOff` is.
 */
export async function orPutOff(core: Pick<Core, "onPutOff">, follow: () => Promise<unknown>): Promise<void> {
  try {
    await follow();
  } catch (error) {
    core.onPutOff?.(error);
  }
}

/**
 * Does the rest of a change of which a part has been committed and that nobody else completes.
 *
 * @throws {PortError} `UNKNOWN_OUTCOME` in place of an error that would say that nothing was done
 */
export async function orUnknown<T>(rest: () => Promise<T>): Promise<T> {
  try {
    return await rest();
  } catch (error) {
    if (!(error instanceof PortError) || error.code === "INVALID") throw error;
    throw new PortError("UNKNOWN_OUTCOME", error.message, { cause: error });
  }
}
