import type { Variables } from "../../functions/shared/read-environment.ts";

/**
 * The environment of a function, from the very table by which it reads it: a variable that the function wants and nobody
 * gives does not compile. What `values` holds beyond that is left out.
 */
export function environment<V extends Variables>(
  variables: V,
  values: { readonly [K in keyof V]: string | undefined },
): Record<string, string> {
  const entries = Object.entries(variables).map(([key, { name }]) => [name, values[key]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
