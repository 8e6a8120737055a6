import type { Json } from "../../core/json.ts";
import type { ErrorCode } from "./error-codes.ts";
import { toPointer } from "./json-pointer.ts";
import { BODY_LIMITS, FORBIDDEN_KEYS, MAX_REPORTED_ERRORS, type TextLimits } from "./limits.ts";
import { type FieldError, problem, ProblemError, problemOfErrors } from "./problem.ts";
import { quoteValue } from "./quote.ts";
import { lineAndColumn, readText } from "./text-input.ts";

export type { Json, JsonObject } from "../../core/json.ts";

/**
 * Reads JSON (RFC 8259) and refuses what `JSON.parse` lets pass in silence: duplicate keys, keys that reach a prototype,
 * lone surrogates, numbers that would be rounded or become infinite, and nesting beyond `limits.maxDepth`. `-0` is read
 * as 0. Fractions and exponents are read as the nearest double, as everywhere.
 *
 * @throws {ProblemError} with all faults together; only faults of syntax, depth and encoding end the reading at once
 */
export function parseJsonStrict(input: Uint8Array | string, limits: TextLimits = BODY_LIMITS): Json {
  const text = readText(input, limits);
  if (text.trim() === "")
    throw new ProblemError(problem("body-required", "The body must be a JSON value; it is empty"));
  const reader = new JsonReader(text, limits.maxDepth);
  const value = reader.readDocument();
  if (reader.errors.length > 0) throw new ProblemError(problemOfErrors(reader.errors));
  return value;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NOT_A_JSON_NUMBER = /[+-]?(?:NaN|Infinity)/y;
const INTEGER = /^-?[0-9]+$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX4 = /[0-9a-fA-F]{4}/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** One pass over a text. Recursive descent: the depth limit keeps the stack small. */
class JsonReader {
  readonly errors: FieldError[] = [];
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  readDocument(): Json {
    const value = this.#readValue();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#syntax("the end of the text");
    return value;
  }

  #readValue(): Json {
    this.#skipSpace();
    switch (this.#text[this.#at] ?? "") {
      case "{":
        return this.#readObject();
      case "[":
        return this.#readArray();
      case '"':
        return this.#readText();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(): Json {
    const object: Record<string, Json> = {};
    this.#open();
    for (let more = !this.#skip("}"); more;) {
      this.#skipSpace();
      const keyAt = this.#at;
      if (this.#text[keyAt] !== '"') throw this.#syntax("a key in double quotes");
      const key = this.#readText();
      this.#path.push(key);
      if (!this.#skip(":")) throw this.#syntax("':' after the key");
      const accepted = this.#acceptKey(object, key, keyAt);
      const value = this.#readValue();
      if (accepted) object[key] = value;
      this.#path.pop();
      more = this.#skip(",");
      if (!more && !this.#skip("}")) throw this.#syntax("',' or '}'");
    }
    return object;
  }

  #readArray(): Json {
    const items: Json[] = [];
    this.#open();
    for (let more = !this.#skip("]"); more;) {
      this.#path.push(items.length);
      items.push(this.#readValue());
      this.#path.pop();
      more = this.#skip(",");
      if (!more && !this.#skip("]")) throw this.#syntax("',' or ']'");
    }
    return items;
  }

  /** Steps into an array or object. The path is as long as the number of containers that are open already. */
  #open(): void {
    if (this.#path.length >= this.#maxDepth) {
      this.errors.length = 0;
      this.#report("json-too-deep", `nesting must be at most ${this.#maxDepth} levels`);
      throw new ProblemError(problemOfErrors(this.errors));
    }
    this.#at++;
  }

  #acceptKey(object: Record<string, Json>, key: string, keyAt: number): boolean {
    if (FORBIDDEN_KEYS.has(key)) {
      this.#report("forbidden-key", `key ${quoteValue(key)} is not allowed`, keyAt);
      return false;
    }
    if (!Object.hasOwn(object, key)) return true;
    this.#report("json-duplicate-key", `key ${quoteValue(key)} occurs twice in one object`, keyAt);
    return false;
  }

  #readText(): string {
    const start = this.#at++;
    let value = this.#readPlain();
    while (this.#text[this.#at] === "\\") value += this.#readEscape() + this.#readPlain();
    if (this.#text[this.#at] !== '"') throw this.#syntax("'\"' at the end of the text value");
    this.#at++;
    if (!value.isWellFormed()) {
      this.#report("invalid-unicode", `the text ${quoteValue(value)} holds half of a surrogate pair`, start);
    }
    return value;
  }

  #readEscape(): string {
    const escape = this.#text[++this.#at] ?? "";
    if (escape === "u") {
      this.#at++;
      const digits = this.#match(HEX4);
      if (digits === "") throw this.#syntax("four hexadecimal digits");
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = ESCAPES[escape];
    if (character === undefined) throw this.#syntax('an escape (one of " \\ / b f n r t u)');
    this.#at++;
    return character;
  }

  #readNumber(): number {
    const start = this.#at;
    const word = this.#match(NOT_A_JSON_NUMBER);
    if (word !== "") return this.#reportNumber(word, "must be finite", start);
    const digits = this.#match(NUMBER);
    if (digits === "") throw this.#syntax("a value");
    const value = Number(digits);
    if (!Number.isFinite(value)) return this.#reportNumber(digits, "must be finite", start);
    if (INTEGER.test(digits) && !Number.isSafeInteger(value)) {
      return this.#reportNumber(digits, `must lie within ±${Number.MAX_SAFE_INTEGER}; write it as a text`, start);
    }
    return value === 0 ? 0 : value;
  }

  #reportNumber(digits: string, rule: string, offset: number): number {
    this.#report("number-out-of-range", `the number ${quoteValue(digits).replaceAll('"', "")} ${rule}`, offset);
    return 0;
  }

  #readWord<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#syntax("a value");
    this.#at += word.length;
    return value;
  }

  #skip(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return "";
    const start = this.#at;
    this.#at = pattern.lastIndex;
    return this.#text.slice(start, this.#at);
  }

  /** A run of characters that stand for themselves within a text: no quote, backslash or control character. */
  #readPlain(): string {
    const start = this.#at;
    for (let unit = this.#text.charCodeAt(start); unit >= 0x20 && unit !== QUOTE && unit !== BACKSLASH;) {
      unit = this.#text.charCodeAt(++this.#at);
    }
    return this.#text.slice(start, this.#at);
  }

  #report(code: ErrorCode, message: string, offset = this.#at): void {
    // Input made of nothing but faults must not cost more than what is told of it.
    if (this.errors.length === MAX_REPORTED_ERRORS) return;
    const { line, column } = lineAndColumn(this.#text, offset);
    this.errors.push({ pointer: toPointer(this.#path), code, detail: `Line ${line}, column ${column}: ${message}` });
  }

  #syntax(expected: string): ProblemError {
    const found =
      this.#at < this.#text.length ? quoteValue(String.fromCodePoint(this.#text.codePointAt(this.#at)!)) : "the end";
    const { line, column } = lineAndColumn(this.#text, this.#at);
    return new ProblemError(
      problem("json-syntax", `Line ${line}, column ${column}: expected ${expected}, found ${found}`),
    );
  }
}
