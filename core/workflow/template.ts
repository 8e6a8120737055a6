import type { Json, JsonObject } from "../json.ts";
import { quote } from "../schedule/schedule-error.ts";
import { compileExpression, type Expression, ExpressionFault, type ExpressionRules, type Scope } from "./expression.ts";
import { WorkflowError } from "./workflow-error.ts";

/**
 * Parameters with `${{ expressions }}` in their texts. A text that is one expression and nothing else stands for the
 * expression's value, whatever its kind; in a longer text each expression is replaced by its value as text, and what is
 * not a text by its JSON.
 *
 * Texts may hold macros as well, which are expanded by each attempt. What an expression brings in is never read for
 * macros: its `{{` are doubled, as the language of macros asks for.
 */
export interface Template {
  /** Steps that its expressions name. */
  readonly steps: readonly string[];
  /**
   * The parameters with macros left in them.
   *
   * @throws {ExpressionFault} when an expression has no value, or a text gets too long
   */
  resolve(scope: Scope): JsonObject;
}

/** Longest text that expressions may make, in UTF-16 code units. */
export const MAX_RESOLVED_LENGTH = 262_144;

type Resolve = (scope: Scope) => Json;
type TemplateRules = Omit<ExpressionRules, "use" | "offset">;

/** @throws {WorkflowError} `expression-invalid`, with the pointer of the text */
export function compileTemplate(parameters: JsonObject, rules: TemplateRules): Template {
  const steps = new Set<string>();
  const resolve = compileValue(parameters, {
    ...rules,
    found: ({ steps: names }) => names.forEach((name) => steps.add(name)),
  });
  return { steps: [...steps], resolve: (scope) => resolve(scope) as JsonObject };
}

/** The expression of a text that is wholly `${{ … }}`, with its place in the text; `undefined` for other texts. */
export function wholeExpression(text: string): { readonly text: string; readonly offset: number } | undefined {
  const [part, ...more] = partsOf(text);
  return more.length === 0 && typeof part === "object" && part.isClosed ? part : undefined;
}

/** A value without the expressions in its texts, for those who look for macros in them. */
export function withoutExpressions(value: JsonObject): JsonObject {
  const strip = (inner: Json): Json => {
    if (typeof inner === "string")
      return partsOf(inner)
        .filter((part) => typeof part === "string")
        .join("");
    if (Array.isArray(inner)) return inner.map(strip);
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, strip(one)]));
  };
  return strip(value) as JsonObject;
}

interface Compiling extends TemplateRules {
  readonly found: (expression: Expression) => void;
}

function compileValue(value: Json, rules: Compiling): Resolve {
  if (typeof value === "string") return compileText(value, rules);
  if (typeof value !== "object" || value === null) return () => value;
  const at = (key: string | number) => ({
    ...rules,
    pointer: `${rules.pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
  });
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) => compileValue(item, at(index)));
    return (scope) => items.map((resolve) => resolve(scope));
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, compileValue(inner, at(key))] as const);
  return (scope) => Object.fromEntries(entries.map(([key, resolve]) => [key, resolve(scope)]));
}

function compileText(text: string, rules: Compiling): Resolve {
  if (!text.includes("${{")) return () => text;
  const parts = partsOf(text).map((part, index, all) => {
    if (typeof part === "string") return part;
    if (!part.isClosed) throw refusal(text, '"}}" is missing', { pointer: rules.pointer, position: part.offset });
    checkBraces(text, { before: all[index - 1], after: all[index + 1], pointer: rules.pointer, position: part.offset });
    const expression = compileExpression(part.text, { ...rules, use: "value", offset: part.offset });
    rules.found(expression);
    return expression;
  });
  const [first] = parts;
  if (parts.length === 1 && typeof first === "object") return (scope) => withoutMacros(first.evaluate(scope));
  return (scope) => joined(text, parts, scope);
}

function joined(text: string, parts: readonly (string | Expression)[], scope: Scope): string {
  let written = "";
  // Expressions side by side are escaped as one text, lest two of them make a macro together.
  let brought = "";
  for (const part of parts) {
    if (typeof part === "string") {
      written += escapeMacros(brought) + part;
      brought = "";
    } else {
      brought += asText(part.evaluate(scope));
    }
  }
  written += escapeMacros(brought);
  if (written.length <= MAX_RESOLVED_LENGTH) return written;
  throw new ExpressionFault(text, `the text gets longer than ${MAX_RESOLVED_LENGTH} characters`);
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * All texts of a value so that macros are not looked for in them; what has no `{{` is returned itself.
 */
export function withoutMacros(value: Json): Json {
  if (!JSON.stringify(value).includes("{{")) return value;
  if (typeof value === "string") return escapeMacros(value);
  if (Array.isArray(value)) return value.map(withoutMacros);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMacros(inner)]));
}

function escapeMacros(text: string): string {
  return text.replaceAll("{{", "{{{{");
}

type Part = string | { readonly text: string; readonly offset: number; readonly isClosed: boolean };

/** Splits at `${{` and the `}}` that ends it, which is the first outside of a quoted text and of braces of its own. */
function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (let start = text.indexOf("${{"); start >= 0; start = text.indexOf("${{", end)) {
    if (start > end) parts.push(text.slice(end, start));
    const close = closeOf(text, start + 3);
    const inner = text.slice(start + 3, close);
    const indent = inner.length - inner.trimStart().length;
    parts.push({ text: inner.trim(), offset: start + 3 + indent, isClosed: close < text.length });
    end = close + 2;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function closeOf(text: string, from: number): number {
  let depth = 0;
  let quoted: string | undefined;
  for (let at = from; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (quoted !== undefined) {
      if (letter === "\\") at += 1;
      else if (letter === quoted) quoted = undefined;
    } else if (letter === '"' || letter === "'") quoted = letter;
    else if (letter === "{") depth += 1;
    else if (letter === "}" && depth > 0) depth -= 1;
    else if (letter === "}" && text.charAt(at + 1) === "}") return at;
  }
  return text.length;
}

/** A brace beside an expression could make a macro together with one that the expression brings in. */
function checkBraces(
  text: string,
  at: {
    readonly before: Part | undefined;
    readonly after: Part | undefined;
    readonly pointer: string;
    readonly position: number;
  },
): void {
  const { before, after, pointer, position } = at;
  const touches =
    (typeof before === "string" && before.endsWith("{")) || (typeof after === "string" && after.startsWith("{"));
  if (!touches) return;
  throw refusal(text, 'a "{" stands beside the expression', { pointer, position });
}

function refusal(text: string, problem: string, at: { pointer: string; position: number }): WorkflowError {
  const message = `Cannot use ${quote(text)}, at ${at.position}: ${problem}`;
  return new WorkflowError("expression-invalid", { ...at, message });
}
