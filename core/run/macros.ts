import type { Json, JsonObject } from "../json.ts";
import { type Macro, MacroError, type MacroForm, type MacroRoot, parseMacros } from "./macro-parser.ts";
import { unreachable } from "./run.ts";
import { formatPattern, shiftInstant, wallTime } from "./macro-slot.ts";

export { MACRO_ROOTS, MacroError, type MacroRoot, SCRIPT_MACRO_ROOTS } from "./macro-parser.ts";

/** What macros stand for. */
export interface MacroContext {
  readonly slotAtMs: number;
  /** IANA zone in which `slot` is read: the one of the job's schedule. */
  readonly timezone: string;
  readonly run: { readonly id: string; readonly attempt: number; readonly epoch: number };
  readonly job: { readonly name: string; readonly namespace: string };
  readonly parameters: JsonObject;
}

/** Longest text that one call may make, in UTF-16 code units. */
export const MAX_EXPANDED_LENGTH = 262_144;

/**
 * Replaces the macros of a text:
 *
 * - `{{slot.iso}}`, or `{{slot}}`: RFC 3339 in the job's zone; `slot.epochMs`; `slot.date`, `slot.time`; `slot.year`,
 *   `month`, `day`, `hour`, `minute`, `second`, padded with zeros
 * - offsets: `{{slot.date -1d}}`, `{{slot.iso +2h}}`, `{{slot.month -1M}}`; units `s m h` elapse, `d w M y` are steps on
 *   the calendar; several are applied in turn
 * - patterns: `{{slot | yyyyMMdd}}`, `{{slot -1d | yyyy-MM-dd'T'HH}}`; letters: see `LETTERS` in macro-slot.ts
 * - `run.id`, `run.attempt`, `run.epoch`, `job.name`, `job.namespace`
 * - `parameters.a.b`, `parameters.list.0`, `parameters`: a text as it is, anything else as JSON
 * - `{{json parameters.a}}`: as JSON, a text in quotes; `{{uri parameters.a}}`: percent-encoded
 *
 * `{{{{` stands for a literal `{{`. What a macro brings in is not read for macros again.
 *
 * @throws {MacroError} when a macro is not right, a parameter is missing or the text gets too long
 */
export function expandMacros(text: string, context: MacroContext): string {
  return expandText(text, context, { left: MAX_EXPANDED_LENGTH });
}

/**
 * Replaces the macros of all texts in a JSON value; names of fields stay as they are. What holds no macro is returned
 * itself, not a copy.
 *
 * @throws {MacroError} as `expandMacros` does; the limit holds for all macros together
 */
export function expandDeep<T>(value: T, context: MacroContext): T {
  return expandValue(value, context, { left: MAX_EXPANDED_LENGTH }) as T;
}

/**
 * Checks the macros of a text without values: what is written, and that only `roots` are used. Whether a parameter is
 * there is known at the run only.
 *
 * @returns what is wrong first, or `undefined`
 */
export function checkMacros(text: string, roots: readonly MacroRoot[]): MacroError | undefined {
  try {
    for (const part of parseMacros(text)) {
      if (typeof part !== "string" && !roots.includes(part.root)) {
        const rule = `Cannot use "${part.root}" in the macro at ${part.position}: allowed here are ${roots.join(", ")}`;
        return new MacroError("template-invalid", rule, part.position);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof MacroError) return error;
    throw error;
  }
}

/** Code units that may still be made. */
interface Budget {
  left: number;
}

function expandText(text: string, context: MacroContext, budget: Budget): string {
  if (!text.includes("{{")) return text;
  let expanded = "";
  for (const part of parseMacros(text)) {
    const piece = typeof part === "string" ? part : written(part, context);
    budget.left -= piece.length;
    if (budget.left < 0) {
      const position = typeof part === "string" ? 0 : part.position;
      const rule = `Cannot expand macros: the result is longer than ${MAX_EXPANDED_LENGTH} characters`;
      throw new MacroError("template-too-large", rule, position);
    }
    expanded += piece;
  }
  return expanded;
}

function expandValue(value: unknown, context: MacroContext, budget: Budget): unknown {
  if (typeof value === "string") return expandText(value, context, budget);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => expandValue(item, context, budget));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let changed = false;
  const entries = Object.entries(value).map(([key, item]: [string, unknown]) => {
    const next = expandValue(item, context, budget);
    changed ||= next !== item;
    return [key, next] as const;
  });
  return changed ? Object.fromEntries(entries) : value;
}

function written(macro: Macro, context: MacroContext): string {
  const value = valueOf(macro, context);
  return inForm(value, macro.form);
}

function inForm(value: Json, form: MacroForm | undefined): string {
  if (form === "json") return JSON.stringify(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return form === "uri" ? encodeURIComponent(text.toWellFormed()) : text;
}

function valueOf(macro: Macro, context: MacroContext): Json {
  switch (macro.root) {
    case "slot":
      return slotValue(macro, context);
    case "run":
      return context.run[macro.name];
    case "job":
      return context.job[macro.name];
    case "parameters":
      return parameter(macro.path, context.parameters, macro.position);
    default:
      return unreachable(macro);
  }
}

function slotValue(macro: Macro & { root: "slot" }, { slotAtMs, timezone }: MacroContext): Json {
  try {
    const atMs = shiftInstant(slotAtMs, macro.offsets, timezone);
    return macro.value === "epochMs" ? atMs : formatPattern(macro.value, wallTime(atMs, timezone));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const rule = `Cannot expand the macro at ${macro.position}: ${error.message}`;
    throw new MacroError("template-invalid", rule, macro.position);
  }
}

function parameter(path: readonly string[], parameters: JsonObject, position: number): Json {
  let value: Json = parameters;
  for (const key of path) {
    const next = memberOf(value, key);
    if (next === undefined) {
      const name = JSON.stringify(`parameters.${path.join(".")}`);
      throw new MacroError("template-invalid", `Cannot expand macro at ${position}: the run has no ${name}`, position);
    }
    value = next;
  }
  return value;
}

/** Own members only; of a list its items, not its `length`. */
function memberOf(value: Json, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
  return (value as JsonObject)[key];
}
