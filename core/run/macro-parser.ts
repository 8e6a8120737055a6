import { compilePattern, FIELD_PATTERNS, type SlotOffset, type SlotPattern } from "./macro-slot.ts";

export const MACRO_ROOTS = ["slot", "run", "job", "parameters"] as const;
export type MacroRoot = (typeof MACRO_ROOTS)[number];
/**
 * Roots for a text that a shell will read: none whose values come with the run, for they would be read as commands.
 * A script takes parameters from its environment or its arguments.
 */
export const SCRIPT_MACRO_ROOTS = ["slot", "run", "job"] as const;

/** How a value is written: `json` as JSON, `uri` as one component of a URL, none as the text it is. */
export type MacroForm = "json" | "uri";

/** What stands between `{{` and `}}`. */
export type Macro = { readonly position: number; readonly form: MacroForm | undefined } & (
  | { readonly root: "slot"; readonly offsets: readonly SlotOffset[]; readonly value: SlotPattern | "epochMs" }
  | { readonly root: "run"; readonly name: "id" | "attempt" | "epoch" }
  | { readonly root: "job"; readonly name: "name" | "namespace" }
  | { readonly root: "parameters"; readonly path: readonly string[] }
);

/**
 * - `template-invalid`: not of the macro language, a root that is not allowed here, or a parameter that is missing.
 * - `template-too-large`: the expanded text is longer than `MAX_EXPANDED_LENGTH`.
 */
export type MacroErrorCode = "template-invalid" | "template-too-large";

export class MacroError extends Error {
  readonly code: MacroErrorCode;
  /** Index of the macro's `{{` in the text that was read. */
  readonly position: number;

  constructor(code: MacroErrorCode, message: string, position: number) {
    super(message);
    this.name = "MacroError";
    this.code = code;
    this.position = position;
  }
}

const MAX_MACRO_LENGTH = 512;
const MACRO = /^(?:(json|uri)\s+)?([A-Za-z]+)((?:\.[^.\s|{}]+)*)((?:\s+[+-]\d{1,4}[smhdwMy])*)(?:\s*\|\s*(\S.*))?$/s;
/** Names that reach an object's machinery in JavaScript: never a parameter, even where JSON has such a key. */
const FORBIDDEN_KEYS = new Set(["__proto__", "prototype", "constructor"]);
const NAMES = { run: ["id", "attempt", "epoch"], job: ["name", "namespace"] } as const;

/**
 * Splits a text into literal parts and macros. `{{{{` is a literal `{{`; a `}}` without `{{` is itself.
 *
 * @throws {MacroError} `template-invalid`, at the first macro that is not right
 */
export function parseMacros(text: string): readonly (string | Macro)[] {
  const parts: (string | Macro)[] = [];
  let end = 0;
  for (let start = text.indexOf("{{"); start >= 0; start = text.indexOf("{{", end)) {
    if (start > end) parts.push(text.slice(end, start));
    if (text.startsWith("{{{{", start)) {
      parts.push("{{");
      end = start + 4;
      continue;
    }
    const close = text.indexOf("}}", start);
    if (close < 0)
      throw invalid(start, text.slice(start, start + 32), '"}}" is missing; a literal "{{" is written "{{{{"');
    parts.push(parseMacro(text.slice(start + 2, close).trim(), start));
    end = close + 2;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function parseMacro(source: string, position: number): Macro {
  const match = source.length > MAX_MACRO_LENGTH ? null : MACRO.exec(source);
  if (match === null)
    throw invalid(position, source, 'must be such as "slot.date -1d", "slot | yyyyMMdd" or "parameters.name"');
  const [, form, root = "", names = "", offsets = "", pattern] = match;
  const path = names === "" ? [] : names.slice(1).split(".");
  const common = { position, form: form as MacroForm | undefined };
  if (root === "slot") {
    return {
      ...common,
      root,
      offsets: parseOffsets(offsets),
      value: slotValue(path, pattern, { source, position }),
    };
  }
  if (offsets !== "" || pattern !== undefined)
    throw invalid(position, source, "only slot takes an offset or a pattern");
  switch (root) {
    case "run":
      return { ...common, root, name: nameIn(NAMES.run, path, { source, position }) };
    case "job":
      return { ...common, root, name: nameIn(NAMES.job, path, { source, position }) };
    case "parameters": {
      const forbidden = path.find((key) => FORBIDDEN_KEYS.has(key));
      if (forbidden !== undefined) throw invalid(position, source, `"${forbidden}" is not a parameter`);
      return { ...common, root, path };
    }
    default:
      throw invalid(position, source, `"${root}" is none of ${MACRO_ROOTS.join(", ")}`);
  }
}

interface Place {
  readonly source: string;
  readonly position: number;
}

function slotValue(
  path: readonly string[],
  pattern: string | undefined,
  { source, position }: Place,
): SlotPattern | "epochMs" {
  if (pattern !== undefined) {
    if (path.length > 0) throw invalid(position, source, 'a pattern follows "slot", not one of its fields');
    try {
      return compilePattern(pattern);
    } catch (error) {
      throw invalid(position, source, (error as RangeError).message);
    }
  }
  const field = path.length === 0 ? "iso" : path.join(".");
  if (field === "epochMs") return field;
  const known = Object.hasOwn(FIELD_PATTERNS, field) ? FIELD_PATTERNS[field] : undefined;
  if (known !== undefined) return known;
  throw invalid(position, source, `"${field}" is none of epochMs, ${Object.keys(FIELD_PATTERNS).join(", ")}`);
}

function parseOffsets(text: string): SlotOffset[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== "")
    .map((part) => ({ count: Number(part.slice(0, -1)), unit: part.at(-1) as SlotOffset["unit"] }));
}

function nameIn<N extends string>(names: readonly N[], path: readonly string[], { source, position }: Place): N {
  const given = path.join(".");
  const name = names.find((known) => known === given);
  if (name === undefined) throw invalid(position, source, `"${given}" is none of ${names.join(", ")}`);
  return name;
}

function invalid(position: number, source: string, rule: string): MacroError {
  const shown = JSON.stringify(source.length > 64 ? `${source.slice(0, 64)}…` : source);
  return new MacroError("template-invalid", `Cannot read macro ${shown} at ${position}: ${rule}`, position);
}
