import { z } from "zod";

/**
 * Finds the part of a schema that governs the value at a path: optional and nullable wrappers are taken off, and a
 * union is entered by its discriminator, else by the first option that has the key.
 *
 * @returns `undefined` where the schema says nothing of that path
 */
export function schemaAt(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  const inner = unwrap(schema);
  const [key, ...rest] = path;
  if (key === undefined) return inner;
  const member = memberOf(inner, value, key);
  return member && schemaAt(member, childOf(value, key), rest);
}

/** The value at a path of plain objects and arrays. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce(childOf, value);
}

/** The keys an object schema knows; of a discriminated union, those of the option its value selects. */
export function knownKeys(schema: z.core.$ZodType | undefined, value: unknown): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion) return knownKeys(selectOption(schema, value), value);
  return [];
}

function memberOf(schema: z.core.$ZodType, value: unknown, key: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, key) ? schema.shape[String(key)] : undefined;
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const selected = selectOption(schema, value);
  const options = selected === undefined ? schema.options : [selected];
  for (const option of options) {
    const member = memberOf(unwrap(option), value, key);
    if (member !== undefined) return member;
  }
  return undefined;
}

function selectOption(union: z.ZodUnion, value: unknown): z.core.$ZodType | undefined {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return undefined;
  const tag = childOf(value, union.def.discriminator);
  return union.options.find((option) => {
    const literal = option instanceof z.ZodObject ? unwrap(option.shape[union.def.discriminator]) : undefined;
    return literal instanceof z.ZodLiteral && literal.values.has(tag as z.core.util.Literal);
  });
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.in) : schema;
}

function childOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}
