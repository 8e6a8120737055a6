import * as fc from "fast-check";

/** One change of a value: at its n-th place, counted round and round. */
export interface Mutation {
  readonly place: number;
  readonly kind: "replace" | "remove" | "add" | "repeat" | "nest";
  readonly key: string;
  readonly value: unknown;
}

/** Values that have broken parsers, schedulers and stores before. */
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, -0, 1e21, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, 5e-324),
  fc.constantFrom("", " ", "..", "../..", "a#b", "a\u0000b", "\u202egpj", "\u200b", "e\u0301", "😀".repeat(70), "NaN", "1e400"),
  fc.constantFrom("{{slot}}", "{{slot", "{{x.__proto__}}", "{{parameters.a}}", "${jndi:ldap://x}", "a\r\nERROR forged", "\u001b[2J"),
  fc.constantFrom("2026-02-30T00:00:00Z", "9999-12-31T00:00:00Z", "0 0 30 2 *", "*/0 * * * *", "Mars/Phobos", "-5m", "99999999d"),
  fc.constantFrom("x".repeat(3_000), "(a+)+$", "(?=a)", "http://[::1]/", "file:///etc/passwd", "$ref", "constructor"),
  fc.constantFrom<unknown>([], {}, [[]], [null], { a: { b: {} } }, { $ref: "#" }, { type: "nonsense" }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.toWellFormed()),
  fc.jsonValue({ maxDepth: 2 }),
); // prettier-ignore

const keys = fc.constantFrom("shedule", "id", "version", "role", "toString", "hasOwnProperty", "a/b~c", "", "0", "é");

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record<Mutation>({
    place: fc.nat(1_000),
    kind: fc.constantFrom("replace", "replace", "replace", "remove", "add", "repeat", "nest"),
    key: keys,
    value: nasty,
  }),
  { maxLength: 2 },
);

const DEPTH = 25;
const REPEATS = 1_200;

/** The value after all of the changes; it is not changed itself. */
export function mutate(value: unknown, changes: readonly Mutation[]): unknown {
  const root = { root: structuredClone(value) };
  for (const change of changes) {
    const places = placesIn(root);
    const place = places[change.place % places.length];
    if (place !== undefined) apply(place, change);
  }
  return root.root;
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function placesIn(parent: object): Place[] {
  return Object.entries(parent).flatMap(([key, child]: [string, unknown]) => {
    const place = { parent: parent as Record<string, unknown>, key };
    return typeof child === "object" && child !== null ? [place, ...placesIn(child)] : [place];
  });
}

function apply({ parent, key }: Place, { kind, key: newKey, value: given }: Mutation): void {
  const child = parent[key];
  // A later change may be made within it, and it is drawn again.
  const value = structuredClone(given);
  switch (kind) {
    case "replace":
      parent[key] = value;
      return;
    case "remove":
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return;
    case "add":
      if (typeof child === "object" && child !== null && !Array.isArray(child))
        (child as Record<string, unknown>)[newKey] = value;
      else parent[key] = { [newKey]: value };
      return;
    case "repeat":
      parent[key] = Array.from({ length: REPEATS }, () => child);
      return;
    case "nest":
      parent[key] = Array.from({ length: DEPTH }).reduce<unknown>((nested) => ({ a: nested }), child);
  }
}
