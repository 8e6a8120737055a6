import * as fc from "fast-check";
import type { OpenApi, Schema } from "./openapi.ts";

const MAX_DEPTH = 6;
/** Optional fields that one object is given at most: with all of them at once hardly any would be accepted. */
const MAX_OPTIONAL = 3;
const MAX_ITEMS = 3;

/** Values that meet a schema, or nearly: rules that the schema does not tell may still refuse them. */
export function arbitraryOf(schema: Schema, document: OpenApi, depth = 0): fc.Arbitrary<unknown> {
  const inner = (other: Schema) => arbitraryOf(other, document, depth + 1);
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return inner(document.components.schemas[name] ?? {});
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (options !== undefined) return fc.oneof(...options.map(inner));
  if (schema.allOf !== undefined) return inner(Object.assign({}, ...schema.allOf) as Schema);
  if (depth > MAX_DEPTH) return fc.constant(null);
  switch (schema.type ?? "any") {
    case "object":
      return objectOf(schema, inner);
    case "array":
      return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: MAX_ITEMS });
    case "string":
      return textOf(schema);
    case "integer":
      return wholeNumberOf(schema);
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: Schema, inner: (schema: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const fields = fc
    .subarray(optional, { maxLength: Math.min(MAX_OPTIONAL, optional.length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((name) => [name, inner(properties[name] ?? {})]))),
    );
  if (typeof additionalProperties !== "object") return fields;
  const keys = propertyNames === undefined ? fc.string({ minLength: 1, maxLength: 8 }) : inner(propertyNames);
  const more = fc.array(fc.tuple(keys.map(String), inner(additionalProperties)), { maxLength: 2 });
  return fc.tuple(fields, more).map(([some, others]) => ({ ...(some as object), ...Object.fromEntries(others) }));
}

function wholeNumberOf({ minimum = -1_000, maximum = 1_000_000 }: Schema): fc.Arbitrary<number> {
  const [min, max] = [Math.max(minimum, -Number.MAX_SAFE_INTEGER), Math.min(maximum, Number.MAX_SAFE_INTEGER)];
  return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max: Math.min(max, min + 1_000) }));
}

const INSTANTS = [
  "2026-01-01T00:00:00Z",
  "2026-01-05T02:00:00.000Z",
  "2026-03-08T07:30:00+01:00",
  "2030-02-28T23:59:59Z",
];
/** What a schema of texts does not tell: what such fields hold in earnest. */
const TEXTS = [
  "0 2 * * *",
  "*/5 * * * MON-FRI",
  "@hourly",
  "UTC",
  "Europe/Berlin",
  "https://example.org/",
  "true",
  "{{slot}}",
];

function textOf({ format, pattern, examples = [], minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (format === "date-time") return fc.constantFrom(...INSTANTS);
  if (format === "date") return fc.constantFrom("2026-01-01", "2026-12-31");
  if (examples.length > 0) return fc.constantFrom(...examples.map(String));
  if (pattern !== undefined) return matching(pattern);
  const any = fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 40), unit: "grapheme" });
  return fc.oneof(fc.constantFrom(...TEXTS), any);
}

/** Some patterns look ahead, which the generator can't. */
function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern), { maxLength: 60 });
  } catch {
    return fc.constantFrom("a", "reports/nightly.ts", "a-1");
  }
}
