import type { FunctionName } from "../names.ts";

/** One environment variable: its name, shared with whoever sets it, and what it must hold. */
export interface Variable<T> {
  readonly name: string;
  /** @throws {RangeError} with the rule that is broken: "must be …; got …" */
  readonly parse: (text: string) => T;
  /** What an absent one means; without it the variable is required. */
  readonly fallback?: T;
}

/** Variables by the name that the function has for their values. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The values of variables. */
export type EnvironmentOf<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** A function can't start in its environment. */
export class EnvironmentError extends Error {
  constructor(name: FunctionName, faults: readonly string[]) {
    super(`Cannot start function ${name}: ${faults.join("; ")}`);
    this.name = "EnvironmentError";
  }
}

/**
 * Reads the variables of a function, once per container. An empty one counts as absent.
 *
 * @throws {EnvironmentError} that names all variables which are missing or hold something else
 */
export function readEnvironment<V extends Variables>(
  name: FunctionName,
  variables: V,
  source: Readonly<Record<string, string | undefined>>,
): EnvironmentOf<V> {
  const faults: string[] = [];
  const values = Object.entries(variables).map(([key, variable]) => [key, read(variable, source, faults)] as const);
  if (faults.length > 0) throw new EnvironmentError(name, faults);
  return Object.fromEntries(values) as EnvironmentOf<V>;
}

function read(
  variable: Variable<unknown>,
  source: Readonly<Record<string, string | undefined>>,
  faults: string[],
): unknown {
  const text = source[variable.name] ?? "";
  if (text === "") {
    if (!("fallback" in variable)) faults.push(`${variable.name} is missing`);
    return variable.fallback;
  }
  try {
    return variable.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(`${variable.name} ${error.message}`);
    return undefined;
  }
}
