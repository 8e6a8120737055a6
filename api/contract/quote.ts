import { MAX_QUOTED_LENGTH } from "./limits.ts";

/** Controls, formats (bidi marks, zero-width joiners), lone surrogates, and all spaces that are not U+0020. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * Writes a value from outside so that a message can hold it: texts in double quotes, shortened to 64 characters, with
 * nothing that could break a line, turn the reading direction or hide. Lists and objects are named, not written out.
 */
export function quoteValue(value: unknown): string {
  if (typeof value === "string") return quoteText(value);
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  return describeType(value);
}

/** A text with everything that could break a line, turn the reading direction or hide written as an escape. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, escapeCharacter);
}

/** The kind of a value in the words of messages: `a text`, `a list`, `an object`, `null`. */
export function describeType(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return TYPE_WORDS[typeof value] ?? `a ${typeof value}`;
}

/** Kind and value together: `the text "3"`, `the number 3`, `true`, `a list`. */
export function describeGiven(value: unknown): string {
  if (typeof value === "string") return `the text ${quoteValue(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  return typeof value === "boolean" ? String(value) : describeType(value);
}

/** Words for JavaScript and JSON Schema type names. */
export const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
  null: "null",
};

function quoteText(text: string): string {
  // Cut by code points, before escaping: a surrogate pair or an escape is never cut in two.
  const head = Array.from(text.slice(0, 2 * MAX_QUOTED_LENGTH))
    .slice(0, MAX_QUOTED_LENGTH)
    .join("");
  const escaped = escapeInvisible(head.replace(/["\\]/g, "\\$&"));
  return head.length < text.length ? `"${escaped}…" (${text.length} characters)` : `"${escaped}"`;
}

function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const codePoint = character.codePointAt(0) ?? 0;
  return codePoint > 0xffff ? `\\u{${codePoint.toString(16)}}` : `\\u${codePoint.toString(16).padStart(4, "0")}`;
}
